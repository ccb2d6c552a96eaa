//! The PyPI wheel: the program as a script, and a module of the package's name that starts it, for
//! `uvx synapse-runtime`. The layout is maturin's with `bindings = "bin"`, but built from an
//! existing program, so that each registry gets the same bytes.

use super::archive::{ArchiveEntry, zip};
use super::platform::{System, glibc};
use super::{HOMEPAGE, LICENCE, Making, Product, REGISTRY_NAME, SUMMARY, digest};
use crate::failure::Failure;

/// The name users install.
pub(super) const NAME: &str = "synapse-runtime";
const MODULE: &str = "synapse_runtime";

/// Builds the wheel for the platform.
///
/// # Errors
/// `File` when a part cannot be read or the wheel cannot be written, `Unknown` when a GNU program
/// requires no glibc version.
pub(super) fn make(making: &Making<'_>) -> Result<Vec<Product>, Failure> {
    let version = making.version;
    let tag = format!("py3-none-{}", tag(making)?);
    let about = format!("{MODULE}-{version}.dist-info");
    let readme = making.part("packaging/pypi/README.md")?;
    let scripts = format!(
        "{MODULE}-{version}.data/scripts/{}",
        making.platform.program()
    );
    let module = making.part("packaging/pypi/__init__.py")?;
    let mut parts = vec![
        ArchiveEntry::data(format!("{MODULE}/__init__.py"), module),
        ArchiveEntry::data(
            format!("{MODULE}/__main__.py"),
            making.part("packaging/pypi/__main__.py")?,
        ),
        ArchiveEntry::program(scripts, making.bytes.clone()),
        ArchiveEntry::data(format!("{about}/METADATA"), metadata(version, &readme)),
        ArchiveEntry::data(format!("{about}/WHEEL"), wheel(&tag)),
        ArchiveEntry::data(format!("{about}/entry_points.txt"), ENTRY_POINTS),
    ];
    parts.extend(making.licences(&format!("{about}/licenses/"))?);
    let record = format!("{about}/RECORD");
    let listed = listed(&parts, &record);
    parts.push(ArchiveEntry::data(record, listed));
    let archive = making.archived(zip(&parts, making.effort))?;
    let name = format!("{MODULE}-{version}-{tag}.whl");
    Ok(vec![making.write(&name, &archive)?])
}

/// The platform tag per PEP 425, PEP 600 and PEP 656.
fn tag(making: &Making<'_>) -> Result<String, Failure> {
    let processor = making.platform.wheel_processor;
    Ok(match making.platform.system {
        System::LinuxGnu => {
            let minor = glibc(making.binary, &making.bytes)?;
            format!("manylinux_2_{minor}_{processor}")
        }
        System::LinuxMusl => format!("musllinux_1_2_{processor}"),
        // The oldest systems supported by Rust's standard library.
        System::MacOs if processor == "arm64" => format!("macosx_11_0_{processor}"),
        System::MacOs => format!("macosx_10_12_{processor}"),
        System::Windows => format!("win_{processor}"),
    })
}

fn metadata(version: &str, readme: &str) -> String {
    format!(
        "Metadata-Version: 2.4\n\
         Name: {NAME}\n\
         Version: {version}\n\
         Summary: {SUMMARY}\n\
         Keywords: mcp,llm,openai,anthropic,huggingface,byok\n\
         License-Expression: {LICENCE}\n\
         License-File: LICENSE-APACHE\n\
         License-File: LICENSE-MIT\n\
         Requires-Python: >=3.8\n\
         Project-URL: Repository, {HOMEPAGE}\n\
         Description-Content-Type: text/markdown\n\
         \n\
         <!-- mcp-name: {REGISTRY_NAME} -->\n\n\
         {readme}"
    )
}

fn wheel(tag: &str) -> String {
    format!("Wheel-Version: 1.0\nGenerator: synapse-xtask\nRoot-Is-Purelib: false\nTag: {tag}\n")
}

/// Lists every file with its checksum and size, except the list itself.
fn listed(parts: &[ArchiveEntry], record: &str) -> String {
    let mut text = String::new();
    for part in parts {
        let digest = url_safe_base64(&digest(part.bytes()));
        let size = part.bytes().len();
        text.push_str(&format!("{},sha256={digest},{size}\n", part.path()));
    }
    text + record + ",,\n"
}

/// URL-safe base64 without padding, as required by PEP 427.
fn url_safe_base64(bytes: &[u8]) -> String {
    let letter = |value: u32| char::from(*ALPHABET.get(value as usize & 63).unwrap_or(&b'-'));
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        text.extend((0..=chunk.len()).map(|place| letter(bits >> (18 - 6 * place))));
    }
    text
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ENTRY_POINTS: &str = "[console_scripts]\nsynapse-runtime = synapse_runtime:main\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_spelled_for_urls() {
        assert_eq!(url_safe_base64(b""), "");
        assert_eq!(url_safe_base64(b"f"), "Zg");
        assert_eq!(url_safe_base64(b"fo"), "Zm8");
        assert_eq!(url_safe_base64(b"foo"), "Zm9v");
        assert_eq!(url_safe_base64(&[0xfb, 0xff, 0xfe]), "-__-");
    }

    #[test]
    fn the_list_names_itself_without_a_checksum() {
        let list = listed(&[ArchiveEntry::data("a", "")], "RECORD");
        assert_eq!(
            list,
            "a,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nRECORD,,\n"
        );
    }
}
