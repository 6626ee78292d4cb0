use crate::boundary::TableFile;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The data files under paths (files or directories), as Spark lists them: names that start with `_` or
/// `.` are left out, the rest is sorted.
///
/// # Errors
/// For a path that does not exist.
pub fn list_files(paths: &[String]) -> Result<Vec<TableFile>> {
    let mut files = Vec::new();
    for path in paths {
        let path = PathBuf::from(path.strip_prefix("file://").unwrap_or(path));
        let Ok(metadata) = fs::metadata(&path) else {
            return exec_err!("[PATH_NOT_FOUND] Path does not exist: {}.", path.display());
        };
        if metadata.is_dir() {
            list_dir(&path, &mut files)?;
        } else {
            files.push(table_file(&path, &metadata)?);
        }
    }
    Ok(files)
}

fn list_dir(dir: &Path, files: &mut Vec<TableFile>) -> Result<()> {
    let mut entries = fs::read_dir(dir)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || (name.starts_with('_') && !name.contains('=')) {
            continue;
        }
        let metadata = fs::metadata(entry.path())?;
        if metadata.is_dir() {
            list_dir(&entry.path(), files)?;
        } else {
            files.push(table_file(&entry.path(), &metadata)?);
        }
    }
    Ok(())
}

fn table_file(path: &Path, metadata: &fs::Metadata) -> Result<TableFile> {
    let absolute = std::path::absolute(path)?;
    let path = absolute.to_str().ok_or_else(|| exec_datafusion_err!("the name of {} is no text", path.display()))?;
    let modified = metadata.modified().map_err(DataFusionError::IoError)?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(TableFile {
        path: path.to_owned(),
        size: metadata.len(),
        modified_millis: modified.as_millis() as i64,
        rows: None,
        hosts: Vec::new(),
        blocks: Vec::new(),
    })
}
