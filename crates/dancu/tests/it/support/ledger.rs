//! The log at rest, read with the rooms' own readers and compared with what clients were told.

use super::country::World;
use dancu_ledger::{
    BatchTree, Frontier, Hash, LogVerifier, PUBLIC_KEY_FILE, PublicLog, Receipt, commitment, leaf_hash,
};
use dancu_store_sqlite::open_ledger_parts;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};

/// What the log holds.
pub struct Log {
    rows: Vec<(Vec<u8>, [u8; 32])>,
    /// Records of each contract and day.
    counts: BTreeMap<(String, Date), u64>,
    /// Root of the tree at each size.
    roots: Vec<Hash>,
    public: PublicLog,
}

impl World {
    /// The log's public key.
    pub fn verifier(&self) -> LogVerifier {
        let text = std::fs::read_to_string(self.path("keys").join(PUBLIC_KEY_FILE)).unwrap();
        LogVerifier::new(text.trim()).unwrap()
    }

    /// Reads the whole log. No process may hold the folder.
    pub fn read_log(&self) -> Log {
        let (_writer, parts) = open_ledger_parts(&self.path("data")).unwrap();
        let (mut rows, mut counts) = (vec![], BTreeMap::new());
        let mut frontier = Frontier::default();
        let mut roots = vec![frontier.root()];
        parts
            .records
            .scan(0, u64::MAX, &mut |row| {
                assert_eq!(row.index, rows.len() as u64);
                rows.push((row.record.to_vec(), *row.salt));
                *counts.entry((row.contract.to_owned(), row.day)).or_insert(0) += 1;
                let leaf = leaf_hash(&commitment(row.salt, row.record));
                frontier = BatchTree::append(&frontier, vec![leaf]).after().clone();
                roots.push(frontier.root());
            })
            .unwrap();
        let held = parts.records.quota_counts(Date::MIN).unwrap();
        let held: BTreeMap<_, _> =
            held.into_iter().map(|count| ((count.contract.to_string(), count.day), count.used)).collect();
        assert_eq!(held, counts, "the counts are those of the records");
        let public = PublicLog::open(parts, self.verifier()).unwrap();
        public.publish().unwrap();
        Log { rows, counts, roots, public }
    }
}

impl Log {
    pub fn size(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Records of a contract, by day.
    pub fn counted(&self, contract: &str) -> HashMap<Date, u64> {
        let of_contract = self.counts.iter().filter(|((id, _), _)| id == contract);
        of_contract.map(|((_, day), used)| (*day, *used)).collect()
    }

    /// The records as they are kept.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|(record, _)| String::from_utf8_lossy(record).into_owned())
    }

    /// The receipt proves its record, the log still holds it word for word under the same index, and the tree
    /// of its checkpoint is the beginning of today's tree.
    pub fn holds(&self, receipt: &Receipt) {
        receipt.verify(self.public.verifier()).unwrap();
        let (record, salt) = &self.rows[usize::try_from(receipt.leaf_index).unwrap()];
        assert_eq!((record.as_slice(), *salt), (receipt.record.as_bytes(), receipt.salt.0));
        let signed = self.public.verifier().open(&receipt.checkpoint).unwrap();
        assert_eq!(signed.root, self.roots[usize::try_from(signed.size).unwrap()], "the log only grew");
    }

    /// The record of a receipt is proved under today's checkpoint too.
    pub fn proves_again(&self, receipt: &Receipt) {
        let later = self.public.receipt(receipt.leaf_index).unwrap();
        assert_eq!((later.tree_size, &later.record), (self.size(), &receipt.record));
        later.verify(self.public.verifier()).unwrap();
    }
}
