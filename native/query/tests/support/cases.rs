use std::fs;
use std::path::Path;

pub struct Case {
    pub name: String,
    pub sql: String,
    pub rows: usize,
    /// Every nth row of a long result.
    pub golden: Vec<String>,
}

fn sections(file: &str) -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries").join(file)).unwrap();
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("-- ") {
            Some(name) => sections.push((name.to_owned(), Vec::new())),
            None => sections.last_mut().unwrap().1.push(line.to_owned()),
        }
    }
    sections
}

/// The queries of `queries/`.
pub fn cases() -> Vec<Case> {
    let queries = sections("queries.sql");
    let goldens = sections("golden.txt");
    assert_eq!(queries.len(), goldens.len());
    let case = |((name, sql), (golden_name, mut golden)): ((String, Vec<String>), (String, Vec<String>))| {
        assert_eq!(name, golden_name);
        let rows = match golden.first().and_then(|line| line.strip_prefix("# ")).and_then(|line| line.strip_suffix(" rows")) {
            Some(rows) => {
                let rows = rows.parse().unwrap();
                golden.remove(0);
                rows
            }
            None => golden.len(),
        };
        Case { name, sql: sql.join("\n"), rows, golden }
    };
    queries.into_iter().zip(goldens).map(case).collect()
}
