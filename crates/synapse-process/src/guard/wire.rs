//! Messages between owner and guard. Both are the same executable, so the format has no version.

use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};

use crate::Program;

/// A request to start a program.
pub(super) struct Request {
    pub(super) program: Program,
    pub(super) input: OwnedFd,
    pub(super) output: OwnedFd,
    pub(super) errors: OwnedFd,
}

/// Fate of the program when its owner disconnects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Release {
    Ended,
    Kept,
}

/// A message of the guard, with its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The program runs under this process id.
    Started(i32),
    /// It could not be started; carries the errno.
    Refused(i32),
    /// It ended with this status of `wait`.
    Ended(i32),
}

/// Size of a [`Told`] in bytes.
pub(super) const TOLD: usize = 5;
/// Leaves the program running.
pub(super) const KEEP: u8 = b'K';

/// Sends the program's ends of the pipes. Never blocks: it is the first and shortest message.
pub(super) fn send_pipes(socket: impl AsFd, pipes: [BorrowedFd<'_>; PIPES]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(PIPES))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&pipes));
    let text = [IoSlice::new(b"P")];
    rustix::net::sendmsg(socket, &text, &mut control, SendFlags::empty())?;
    Ok(())
}

/// Encodes a program with a length prefix.
pub(super) fn encode(program: &Program) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut put = |text: &[u8]| {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text);
    };
    put(program.path.as_os_str().as_bytes());
    put(program.directory.as_os_str().as_bytes());
    put(&(program.arguments.len() as u64).to_be_bytes());
    for argument in &program.arguments {
        put(argument.as_bytes());
    }
    for (name, value) in &program.environment {
        put(name.as_bytes());
        put(value.as_bytes());
    }
    let mut whole = (bytes.len() as u64).to_be_bytes().to_vec();
    whole.append(&mut bytes);
    whole
}

fn decode(bytes: &[u8]) -> Option<Program> {
    let mut rest = bytes;
    let mut take = || -> Option<Vec<u8>> {
        let (length, after) = rest.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
        let (text, after) = after.split_at_checked(length)?;
        rest = after;
        Some(text.to_vec())
    };
    let mut program = Program::new(PathBuf::from(OsString::from_vec(take()?)));
    program.directory = PathBuf::from(OsString::from_vec(take()?));
    let count = u64::from_be_bytes(take()?.try_into().ok()?);
    for _ in 0..count {
        program.arguments.push(OsString::from_vec(take()?));
    }
    while let Some(name) = take() {
        let value = OsString::from_vec(take()?);
        program.environment.push((OsString::from_vec(name), value));
    }
    Some(program)
}

/// Receives the request.
pub(super) fn receive(mut socket: &UnixStream) -> io::Result<Request> {
    let broken = || io::Error::other("not what an owner sends");
    let [input, output, errors] = receive_pipes(socket)?.try_into().map_err(|_| broken())?;
    let mut length = [0; 8];
    socket.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_be_bytes(length)).map_err(|_| broken())?;
    let mut bytes = vec![0; length];
    socket.read_exact(&mut bytes)?;
    Ok(Request {
        program: decode(&bytes).ok_or_else(broken)?,
        input,
        output,
        errors,
    })
}

fn receive_pipes(socket: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(PIPES))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut text = [0];
    let mut texts = [IoSliceMut::new(&mut text)];
    rustix::net::recvmsg(socket, &mut texts, &mut control, RECEIVING)?;
    let pipes: Vec<OwnedFd> = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .collect();
    // There is no flag to do it atomically; nothing has been started yet that could inherit them.
    #[cfg(not(target_os = "linux"))]
    for pipe in &pipes {
        rustix::io::fcntl_setfd(pipe, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok(pipes)
}

pub(super) fn send_started(socket: &UnixStream, child: u32) -> io::Result<()> {
    send(socket, Told::Started(child.cast_signed()))
}

pub(super) fn send_refusal(socket: &UnixStream, error: &io::Error) -> io::Result<()> {
    send(socket, Told::Refused(error.raw_os_error().unwrap_or(0)))
}

pub(super) fn send_end(socket: &UnixStream, status: i32) -> io::Result<()> {
    send(socket, Told::Ended(status))
}

fn send(mut socket: &UnixStream, told: Told) -> io::Result<()> {
    let (kind, number) = match told {
        Told::Started(number) => (b'S', number),
        Told::Refused(number) => (b'R', number),
        Told::Ended(number) => (b'E', number),
    };
    let [a, b, c, d] = number.to_be_bytes();
    socket.write_all(&[kind, a, b, c, d])
}

/// Decodes a message of the guard.
pub(super) fn understand([kind, a, b, c, d]: [u8; TOLD]) -> Option<Told> {
    let number = i32::from_be_bytes([a, b, c, d]);
    match kind {
        b'S' => Some(Told::Started(number)),
        b'R' => Some(Told::Refused(number)),
        b'E' => Some(Told::Ended(number)),
        _ => None,
    }
}

/// Waits until the owner disconnects or dies.
pub(super) fn wait_for_owner(mut socket: &UnixStream) -> Release {
    let mut release = Release::Ended;
    let mut word = [0];
    loop {
        match socket.read(&mut word) {
            Ok(1..) if word == [KEEP] => release = Release::Kept,
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return release,
        }
    }
}

const PIPES: usize = 3;
#[cfg(target_os = "linux")]
const RECEIVING: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(not(target_os = "linux"))]
const RECEIVING: RecvFlags = RecvFlags::empty();

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_program_arrives_as_it_was_sent() {
        let odd = OsStr::from_bytes(b"\xff=\n");
        let program = Program::new("/bin/sh")
            .arguments(["", "-c", "a\0b"])
            .arguments([odd])
            .variables([("A", ""), ("B", "=x")])
            .variables([(odd, odd)])
            .directory("/tmp/a b");
        let bytes = encode(&program);
        assert_eq!(decode(&bytes[8..]), Some(program));
        assert_eq!(decode(&bytes[8..20]), None);
    }
}
