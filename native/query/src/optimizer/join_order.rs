//! The cheapest order of some inner joins, by dynamic programming over connected sets of relations. Pure arithmetic.

use std::collections::HashMap;

/// A set of relations: bit i is relation i.
pub type Set = u64;

/// Beyond this many relations the pair that gives least is joined first, again and again.
const MAX_EXHAUSTIVE: usize = 10;

/// A relation that is joined.
#[derive(Debug, Clone, Copy)]
pub struct Relation {
    pub rows: f64,
    /// Bytes of a row.
    pub width: f64,
    /// Rows of the table behind it, before filters.
    pub table_rows: f64,
}

/// An equality between two relations.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    pub left: usize,
    pub right: usize,
    /// At most so many values that are in both.
    pub values: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    Leaf(usize),
    /// The smaller side is the left one.
    Join(Box<Tree>, Box<Tree>),
}

/// What a tree of joins costs, in bytes that are moved, built or given out.
#[derive(Debug, Clone)]
pub struct Priced {
    pub tree: Tree,
    pub cost: f64,
    pub rows: f64,
    width: f64,
    set: Set,
}

#[derive(Debug)]
pub struct Problem {
    pub relations: Vec<Relation>,
    pub edges: Vec<Edge>,
    /// A side of so many bytes or less is sent to all tasks, and the other one stays where it is.
    pub broadcast_bytes: f64,
}

impl Problem {
    pub fn leaf(&self, index: usize) -> Priced {
        let Relation { rows, width, .. } = self.relations[index];
        Priced { tree: Tree::Leaf(index), cost: 0.0, rows, width, set: 1 << index }
    }

    pub fn join(&self, a: &Priced, b: &Priced) -> Priced {
        let rows = self.rows(a, b);
        let width = a.width + b.width;
        let (a_bytes, b_bytes) = (a.rows * a.width, b.rows * b.width);
        let (small, large) = if a_bytes <= b_bytes { (a, b) } else { (b, a) };
        let (small_bytes, large_bytes) = (a_bytes.min(b_bytes), a_bytes.max(b_bytes));
        // Moving a row is writing and reading it; a row that stays is only looked up.
        let moved =
            if small_bytes <= self.broadcast_bytes { 2.0 * small_bytes + 0.25 * large_bytes } else { 2.0 * (small_bytes + large_bytes) };
        let cost = a.cost + b.cost + moved + rows * width * 0.5;
        Priced { tree: Tree::Join(Box::new(small.tree.clone()), Box::new(large.tree.clone())), cost, rows, width, set: a.set | b.set }
    }

    /// Rows of a join: as many as the pairs that have one value of the key in common.
    fn rows(&self, a: &Priced, b: &Priced) -> f64 {
        // Several equalities between the same two relations are a key of several columns.
        let mut keys: HashMap<(usize, usize), f64> = HashMap::new();
        for edge in self.between(a.set, b.set) {
            let limit = self.relations[edge.left].table_rows.min(self.relations[edge.right].table_rows).max(1.0);
            let values = keys.entry((edge.left.min(edge.right), edge.left.max(edge.right))).or_insert(1.0);
            *values = (*values * edge.values.max(1.0)).min(limit);
        }
        // Of keys that say the same (a = b, b = c, a = c) one counts.
        let values = keys.values().copied().fold(1.0, f64::max);
        (a.rows * b.rows / values).max(1.0)
    }

    fn between(&self, a: Set, b: Set) -> impl Iterator<Item = &Edge> {
        let has = |set: Set, relation: usize| set >> relation & 1 == 1;
        self.edges.iter().filter(move |e| (has(a, e.left) && has(b, e.right)) || (has(a, e.right) && has(b, e.left)))
    }

    fn is_connected(&self, a: &Priced, b: &Priced) -> bool {
        self.between(a.set, b.set).next().is_some()
    }

    /// The cheapest tree without a product; `None` when the relations are not connected.
    pub fn best(&self) -> Option<Priced> {
        if self.relations.len() <= MAX_EXHAUSTIVE { self.exhaustive() } else { self.greedy() }
    }

    fn exhaustive(&self) -> Option<Priced> {
        let count = self.relations.len();
        let mut best: Vec<Option<Priced>> = vec![None; 1 << count];
        for index in 0..count {
            best[1 << index] = Some(self.leaf(index));
        }
        for set in 1..1_usize << count {
            if set.count_ones() < 2 {
                continue;
            }
            // Each split once: the half that has the lowest relation.
            let lowest = set & set.wrapping_neg();
            let mut half = (set - 1) & set;
            while half > 0 {
                if half & lowest != 0 {
                    let candidate = match (&best[half], &best[set ^ half]) {
                        (Some(a), Some(b)) if self.is_connected(a, b) => Some(self.join(a, b)),
                        _ => None,
                    };
                    if let Some(candidate) = candidate
                        && best[set].as_ref().is_none_or(|known| candidate.cost < known.cost)
                    {
                        best[set] = Some(candidate);
                    }
                }
                half = (half - 1) & set;
            }
        }
        best.pop().flatten()
    }

    fn greedy(&self) -> Option<Priced> {
        let mut parts: Vec<Priced> = (0..self.relations.len()).map(|i| self.leaf(i)).collect();
        while parts.len() > 1 {
            let pairs = (0..parts.len()).flat_map(|a| (a + 1..parts.len()).map(move |b| (a, b)));
            let joined =
                pairs.filter(|(a, b)| self.is_connected(&parts[*a], &parts[*b])).map(|(a, b)| (a, b, self.join(&parts[a], &parts[b])));
            let added = |p: &Priced, a: usize, b: usize| p.cost - parts[a].cost - parts[b].cost;
            let (a, b, part) = joined.min_by(|x, y| added(&x.2, x.0, x.1).total_cmp(&added(&y.2, y.0, y.1)))?;
            parts.swap_remove(b);
            parts[a] = part;
        }
        parts.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(rows: f64) -> Relation {
        Relation { rows, width: 16.0, table_rows: rows }
    }

    fn edge(left: usize, right: usize, values: f64) -> Edge {
        Edge { left, right, values }
    }

    fn leaves(tree: &Tree) -> Vec<usize> {
        match tree {
            Tree::Leaf(index) => vec![*index],
            Tree::Join(a, b) => [leaves(a), leaves(b)].concat(),
        }
    }

    #[test]
    fn a_filtered_dimension_is_joined_first() {
        // fact - orders - customers of one segment.
        let relations = vec![relation(60e6), relation(15e6), Relation { rows: 3e5, width: 8.0, table_rows: 1.5e6 }];
        let problem = Problem { relations, edges: vec![edge(0, 1, 15e6), edge(1, 2, 1.5e6)], broadcast_bytes: 10e6 };
        let best = problem.best().unwrap();
        let Tree::Join(small, large) = &best.tree else { panic!("{best:?}") };
        assert_eq!((leaves(small), leaves(large)), (vec![2, 1], vec![0]));
    }

    #[test]
    fn a_key_of_few_values_multiplies_and_comes_last() {
        // customers and suppliers of the same nation: 25 values for 1.5 and 0.1 million rows.
        let relations = vec![relation(1.5e6), relation(1e5), relation(6e6)];
        let edges = vec![edge(0, 1, 25.0), edge(0, 2, 1.5e6), edge(1, 2, 1e5)];
        let problem = Problem { relations, edges, broadcast_bytes: 10e6 };
        let Tree::Join(a, b) = problem.best().unwrap().tree else { panic!() };
        assert!(![leaves(&a), leaves(&b)].iter().any(|side| side == &[0, 1] || side == &[1, 0]));
    }

    #[test]
    fn a_key_of_two_columns_is_a_key() {
        let relations = vec![relation(60e6), relation(8e6)];
        let problem = Problem { relations, edges: vec![edge(0, 1, 2e6), edge(0, 1, 1e5)], broadcast_bytes: 0.0 };
        assert_eq!(problem.best().unwrap().rows, 60e6);
    }

    #[test]
    fn both_ways_agree_on_a_chain_and_refuse_a_product() {
        let relations: Vec<Relation> = (0..8).map(|i| relation(10_f64.powi(8 - i))).collect();
        let edges: Vec<Edge> = (0..7).map(|i| edge(i, i + 1, 10_f64.powi(7 - i as i32))).collect();
        let problem = Problem { relations, edges, broadcast_bytes: 1000.0 };
        let (best, greedy) = (problem.exhaustive().unwrap(), problem.greedy().unwrap());
        assert!(best.cost <= greedy.cost && greedy.cost < 1.5 * best.cost, "{} {}", best.cost, greedy.cost);
        let apart = Problem { relations: vec![relation(1.0), relation(1.0)], edges: vec![], broadcast_bytes: 0.0 };
        assert!(apart.best().is_none() && apart.greedy().is_none());
    }
}
