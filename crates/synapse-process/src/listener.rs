//! The program that listens on a port.

/// A process, with the name of its program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its id.
    pub process: u32,
    /// The name of its program, without directory and arguments.
    pub program: String,
}

/// The process that listens on `port` of 127.0.0.1 or of every address; `None` if it belongs to
/// another user, or the system does not tell.
#[must_use]
pub fn listener(port: u16) -> Option<Listener> {
    #[cfg(target_os = "linux")]
    return linux::listener(port);
    #[cfg(not(target_os = "linux"))]
    return None.filter(|_: &Listener| port != 0);
}

/// <https://man7.org/linux/man-pages/man5/proc_pid_net.5.html>
#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::Path;

    use super::Listener;

    pub(super) fn listener(port: u16) -> Option<Listener> {
        let table = fs::read_to_string("/proc/net/tcp").ok()?;
        let socket = format!(
            "socket:[{}]",
            table.lines().find_map(|line| inode(line, port))?
        );
        fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let process = entry.file_name().to_str()?.parse().ok()?;
            holds(&entry.path(), &socket).then(|| Listener {
                process,
                program: name(&entry.path()),
            })
        })
    }

    /// The inode of a listening socket on the port, from a line of the table.
    fn inode(line: &str, port: u16) -> Option<&str> {
        let mut fields = line.split_whitespace().skip(1);
        let (address, local) = fields.next()?.split_once(':')?;
        let is_ours = ["0100007F", "00000000"].contains(&address)
            && u16::from_str_radix(local, 16) == Ok(port);
        let is_listening = fields.nth(1)? == "0A";
        (is_ours && is_listening).then(|| fields.nth(5)).flatten()
    }

    fn holds(process: &Path, socket: &str) -> bool {
        let files = fs::read_dir(process.join("fd"));
        files.is_ok_and(|files| {
            files
                .flatten()
                .filter_map(|file| fs::read_link(file.path()).ok())
                .any(|target| target.as_os_str() == socket)
        })
    }

    fn name(process: &Path) -> String {
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        name.trim_end().to_owned()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_listener_of_a_port_is_found_and_of_a_free_port_there_is_none() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let found = listener(port).unwrap();
        assert_eq!(found.process, std::process::id());
        assert!(!found.program.is_empty());
        drop(socket);
        assert_eq!(listener(port), None);
    }
}
