//! What `with-table` is without the table.

fn main() {
    let [group, version, kind] =
        std::array::from_fn(|n| std::env::args().nth(n).unwrap_or_default());
    println!("{}", group.len() + version.len() + kind.len());
}
