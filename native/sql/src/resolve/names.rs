//! Comparing, quoting and suggesting names.

/// Name comparison under `spark.sql.caseSensitive`.
pub(super) fn same_name(left: &str, right: &str, case_sensitive: bool) -> bool {
    left == right || (!case_sensitive && left.to_lowercase() == right.to_lowercase())
}

/// `` `a`.`b` ``
pub(super) fn quoted<S: AsRef<str>>(parts: &[S]) -> String {
    parts.iter().map(|part| format!("`{}`", part.as_ref().replace('`', "``"))).collect::<Vec<_>>().join(".")
}

/// The five candidates nearest to `wanted` by edit distance, ties in alphabetical order, quoted. A wanted name of one part
/// is compared with the candidates' last parts, and they are shown without their qualifiers.
pub(super) fn suggestions(wanted: &[String], candidates: &[Vec<String>]) -> Vec<String> {
    let with_qualifiers = wanted.len() > 1;
    let target = wanted.join(".").to_lowercase();
    let mut ranked: Vec<(usize, String)> = candidates
        .iter()
        .filter_map(|candidate| {
            let shown = if with_qualifiers { candidate.as_slice() } else { candidate.last().map(std::slice::from_ref)? };
            Some((edit_distance(&target, &shown.join(".").to_lowercase()), quoted(shown)))
        })
        .collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().take(5).map(|(_, name)| name).collect()
}

/// Levenshtein distance.
pub(super) fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, b) in right.iter().enumerate() {
            let (above, before) = (row.get(j + 1).copied().unwrap_or(0), row.get(j).copied().unwrap_or(0));
            let cost = (above + 1).min(before + 1).min(diagonal + usize::from(a != *b));
            diagonal = above;
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = cost;
            }
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("abc", "abc"), 0);
    }

    #[test]
    fn nearest_names_first() {
        let candidates: Vec<Vec<String>> =
            ["o_orderkey", "l_orderkey", "l_tax"].iter().map(|c| vec!["t".to_owned(), (*c).to_owned()]).collect();
        assert_eq!(suggestions(&["l_ordrkey".to_owned()], &candidates), ["`l_orderkey`", "`o_orderkey`", "`l_tax`"]);
        assert_eq!(suggestions(&["t".to_owned(), "l_tx".to_owned()], &candidates).first().map(String::as_str), Some("`t`.`l_tax`"));
    }
}
