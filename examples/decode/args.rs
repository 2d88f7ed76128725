//! The command line.

use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use clap::{Parser, ValueEnum};
use k8s_etcd::etcd::bbolt::MetaChoice;

use crate::keys::KeyArgs;

#[derive(Debug, Parser)]
#[command(
    name = "decode",
    version,
    about = "Decodes what Kubernetes keeps in etcd: snapshots, database files, stored values",
    after_help = EXAMPLES
)]
pub struct Args {
    /// Snapshot, database file, file with one stored value, folder, or - for standard input
    #[arg(required = true)]
    pub input: Vec<PathBuf>,

    #[command(flatten)]
    pub keys: KeyArgs,

    /// Prefix of the API server's keys, as its --etcd-prefix (repeatable)
    #[arg(long, value_name = "PREFIX")]
    pub etcd_prefix: Vec<String>,

    /// etcd key of a single stored value: encryption authenticates it
    #[arg(long, value_name = "KEY")]
    pub etcd_key: Option<String>,

    /// What to print
    #[arg(short, long, value_enum, default_value_t = Output::Ndjson)]
    pub output: Output,

    /// Only keys that begin with PREFIX
    #[arg(long, value_name = "PREFIX")]
    pub key: Option<String>,

    /// Only this key
    #[arg(long, value_name = "KEY", conflicts_with = "key")]
    pub key_exact: Option<String>,

    /// Only objects with this metadata.namespace
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,

    /// Only objects of this kind
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,

    /// Every revision that is in the file, deletions too, in order of revision
    #[arg(long)]
    pub history: bool,

    /// The state as of this revision
    #[arg(long, value_name = "N", conflicts_with_all = ["history", "deleted"])]
    pub revision: Option<i64>,

    /// Deleted objects, each with its last state
    #[arg(long, conflicts_with = "history")]
    pub deleted: bool,

    /// Search for entries that the tree does not reach; takes any input for a database
    #[arg(long)]
    pub carve: bool,

    /// With --carve: one state of both, the newest known entry of each key with its
    /// "origin", live or carved. A key is left out where that entry is a deletion.
    /// Of a whole tree it is the live state with what was carved that is newer. Where
    /// the tree is damaged or incomplete, a key may come back whose deletion is lost
    #[arg(long, requires = "carve", conflicts_with_all = ["history", "deleted", "revision"])]
    pub state: bool,

    /// The transaction to read: the older one where the newest is lost
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Meta::Newest)]
    pub meta: Meta,

    /// File, its SHA-256, page and offset in each record
    #[arg(long)]
    pub provenance: bool,

    /// Write what each page of the database is, and all damage, as JSON, to a new file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Threads that decode; as many as the machine runs at once, if not given
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZero<usize>>,

    /// Leave these fields out, by path: metadata.managedFields (repeatable)
    #[arg(long, value_name = "PATH")]
    pub skip: Vec<String>,

    /// Print retired fields at their place, and unknown ones in "$unknownFields"
    #[arg(long)]
    pub lossless: bool,

    /// Take a string that is not UTF-8 for an error
    #[arg(long)]
    pub strict: bool,
}

impl Args {
    /// Whether only a database can answer.
    pub fn asks_for_the_past(&self) -> bool {
        self.history || self.deleted || self.revision.is_some()
    }

    /// Threads that decode.
    pub fn jobs(&self) -> usize {
        let jobs = self.jobs.or_else(|| thread::available_parallelism().ok());
        jobs.map_or(1, NonZero::get)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// One JSON record a line for each key
    Ndjson,
    /// Objects only: one object, or a v1 List
    Json,
    /// Objects only, as YAML documents
    Yaml,
    /// A line for each key, for people
    Table,
    /// The stored bytes of one value
    Raw,
    /// Keys only; no value is looked at
    Keys,
}

/// One of the two transactions of a database file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Meta {
    /// That of the higher number
    Newest,
    /// The one before it
    Older,
}

impl From<Meta> for MetaChoice {
    fn from(meta: Meta) -> MetaChoice {
        match meta {
            Meta::Newest => MetaChoice::Newest,
            Meta::Older => MetaChoice::Older,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  decode snapshot.db
  decode --skip metadata.managedFields snapshot.db
  decode -o table --namespace kube-system snapshot.db
  decode --encryption-config encryption.yaml --kind Secret snapshot.db
  decode --history --key /registry/pods/default/web snapshot.db
  decode --deleted --kind Secret snapshot.db
  decode --carve --provenance --report report.json damaged.db
  decode --carve --state damaged.db
  decode check-config encryption.yaml
  decode kms-requests snapshot.db > list.json
  decode -o yaml --key /registry/deployments/default/web snapshot.db
  decode --etcd-key /registry/secrets/default/db --encryption-config encryption.yaml value.bin
  etcdctl get --print-value-only /registry/pods/default/web | decode -o json -

The output holds Secrets in clear. Exit status: 0 all decoded, 1 some values not,
a damaged file or a checksum that does not match, 2 wrong usage or unreadable input.";

/// Words that are kept for subcommands: a file of that name is `./audit`.
pub const RESERVED: [&str; 4] = ["audit", "diff", "stats", "extract"];

/// The subcommands that there are.
pub const CHECK_CONFIG: &str = "check-config";
pub const KMS_REQUESTS: &str = "kms-requests";
