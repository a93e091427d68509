//! Files that are written whole or not at all.

pub use scarlet::model::file::write_whole;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.txt");
        write_whole(&path, b"old").and_then(|()| write_whole(&path, b"new")).expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"new");
        assert!(write_whole(&folder.path().join("no/a.txt"), b"x").is_err());
        fs::create_dir(folder.path().join("b.txt")).expect("created");
        assert!(write_whole(&folder.path().join("b.txt"), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 2);
    }
}
