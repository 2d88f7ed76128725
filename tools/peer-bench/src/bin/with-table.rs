//! A program with the schema table and nothing else of the library.
//! `without-table` is the same one without it.

fn main() {
    let [group, version, kind] =
        std::array::from_fn(|n| std::env::args().nth(n).unwrap_or_default());
    let message = k8s_etcd::schema::kind(&group, &version, &kind);
    println!(
        "{}",
        message.map_or(0, |message| std::ptr::from_ref(message).addr())
    );
}
