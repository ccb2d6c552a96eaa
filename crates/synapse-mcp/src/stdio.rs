//! The process's own stdin and stdout, with readiness-based I/O where possible.
//!
//! Pipes and sockets (Node gives its children sockets) use the runtime's I/O driver. Files,
//! terminals and non-Unix systems use [`tokio::io::stdin`], whose blocking thread outlives the
//! server: afterwards a program must end its runtime with `Runtime::shutdown_background` instead of
//! dropping it, or it hangs until one more line is typed.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;

/// An input for [`Server::serve`](crate::Server::serve).
pub type Input = Box<dyn AsyncRead + Send + Unpin>;

/// An output for [`Server::serve`](crate::Server::serve).
pub type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Opens stdin and stdout. Must be called inside a tokio runtime with its I/O driver enabled.
///
/// Pipes and sockets are switched to non-blocking mode permanently. That mode belongs to the open
/// file, not to the descriptor; a stdin or stdout shared with stderr is therefore left unchanged.
///
/// # Errors
/// No runtime, or a descriptor that is closed or cannot be registered.
pub fn open() -> io::Result<(Input, Output)> {
    Handle::try_current().map_err(io::Error::other)?;
    platform::open()
}

#[cfg(not(unix))]
mod platform {
    use super::{Input, Output, io};

    pub(super) fn open() -> io::Result<(Input, Output)> {
        Ok((Box::new(tokio::io::stdin()), Box::new(tokio::io::stdout())))
    }
}

#[cfg(unix)]
mod platform {
    use std::fs::{File, Metadata};
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use tokio::net::UnixStream;
    use tokio::net::unix::pipe;

    use super::{Input, Output, io};

    pub(super) fn open() -> io::Result<(Input, Output)> {
        let error_file = duplicate(io::stderr())
            .and_then(|file| file.metadata())
            .ok();
        let input = input(duplicate(io::stdin())?, error_file.as_ref())?;
        let output = output(duplicate(io::stdout())?, error_file.as_ref())?;
        Ok((
            input.unwrap_or_else(|| Box::new(tokio::io::stdin())),
            output.unwrap_or_else(|| Box::new(tokio::io::stdout())),
        ))
    }

    /// The kind of a descriptor.
    #[derive(Debug, PartialEq, Eq)]
    enum DescriptorKind {
        Pipe,
        Socket,
        Blocking,
    }

    fn duplicate(descriptor: impl AsFd) -> io::Result<File> {
        descriptor.as_fd().try_clone_to_owned().map(File::from)
    }

    /// Returns `None` if only a blocking thread can read it.
    fn input(file: File, shared_with: Option<&Metadata>) -> io::Result<Option<Input>> {
        Ok(match kind(&file.metadata()?, shared_with) {
            DescriptorKind::Pipe => Some(Box::new(pipe::Receiver::from_file(file)?)),
            DescriptorKind::Socket => Some(Box::new(socket(file)?)),
            DescriptorKind::Blocking => None,
        })
    }

    /// Returns `None` if only a blocking thread can write it.
    fn output(file: File, shared_with: Option<&Metadata>) -> io::Result<Option<Output>> {
        Ok(match kind(&file.metadata()?, shared_with) {
            DescriptorKind::Pipe => Some(Box::new(pipe::Sender::from_file(file)?)),
            DescriptorKind::Socket => Some(Box::new(socket(file)?)),
            DescriptorKind::Blocking => None,
        })
    }

    fn socket(file: File) -> io::Result<UnixStream> {
        let socket = std::os::unix::net::UnixStream::from(OwnedFd::from(file));
        socket.set_nonblocking(true)?;
        UnixStream::from_std(socket)
    }

    fn kind(file: &Metadata, shared_with: Option<&Metadata>) -> DescriptorKind {
        let identity = |file: &Metadata| (file.dev(), file.ino());
        if shared_with.map(identity) == Some(identity(file)) {
            DescriptorKind::Blocking
        } else if file.file_type().is_fifo() {
            DescriptorKind::Pipe
        } else if file.file_type().is_socket() {
            DescriptorKind::Socket
        } else {
            DescriptorKind::Blocking
        }
    }

    #[cfg(test)]
    mod tests {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        use super::*;

        #[tokio::test]
        async fn pipes_are_driven_by_readiness() {
            let (reader, writer) = io::pipe().unwrap();
            let reader = File::from(OwnedFd::from(reader));
            let writer = File::from(OwnedFd::from(writer));
            let mut input = input(reader, None).unwrap().unwrap();
            let mut output = output(writer, None).unwrap().unwrap();
            let (sent, received) = tokio::join!(
                async move {
                    // More than a pipe's capacity: a blocking write would never return.
                    output.write_all(&[7; 300_000]).await.unwrap();
                    300_000
                },
                async move {
                    let mut bytes = Vec::new();
                    input.read_to_end(&mut bytes).await.unwrap();
                    bytes.len()
                }
            );
            assert_eq!(sent, received);
        }

        #[tokio::test]
        async fn sockets_are_driven_by_readiness() {
            let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
            let mut input = input(File::from(OwnedFd::from(one)), None)
                .unwrap()
                .unwrap();
            let mut output = output(File::from(OwnedFd::from(other)), None)
                .unwrap()
                .unwrap();
            let mut byte = [0];
            let (written, read) = tokio::join!(output.write_all(b"x"), input.read_exact(&mut byte));
            written.unwrap();
            read.unwrap();
            assert_eq!(&byte, b"x");
        }

        #[test]
        fn files_and_what_stderr_shares_are_left_to_a_thread() {
            let file = File::open("/dev/null").unwrap().metadata().unwrap();
            assert_eq!(kind(&file, None), DescriptorKind::Blocking);
            let (reader, writer) = io::pipe().unwrap();
            let reader = File::from(OwnedFd::from(reader)).metadata().unwrap();
            let writer = File::from(OwnedFd::from(writer)).metadata().unwrap();
            assert_eq!(kind(&writer, Some(&file)), DescriptorKind::Pipe);
            assert_eq!(kind(&writer, Some(&reader)), DescriptorKind::Blocking);
        }
    }
}
