//! Bodies of `POST /witness/add-checkpoint`: whatever is sent, it is refused, or it is read and written again byte for byte.
//! What was read may be verified by anybody: no key and no proof makes the checks fall over.
#![no_main]

use dancu_ledger::{LogVerifier, TreeHead, empty_root};
use dancu_witness::AddCheckpoint;
use libfuzzer_sys::fuzz_target;

/// The key of the seeds' log.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fuzz_target!(|body: &[u8]| {
    let Some(read) = AddCheckpoint::read(body) else { return };
    assert_eq!(read.to_body().as_bytes(), body, "what was read is not what came");
    assert!(read.origin().is_some(), "a checkpoint names its log");
    let key = LogVerifier::new(KEY).expect("it is a key");
    assert!(key.open(&read.checkpoint).is_none(), "nobody has this key's secret half");
    let size = read.checkpoint.split('\n').nth(1).and_then(|text| text.parse().ok()).expect("it has a size");
    let head = TreeHead { size, root: empty_root() };
    let earlier = TreeHead { size: read.old_size, root: [7; 32] };
    assert!(!head.begins_with(&earlier, &read.proof), "a proof for roots that nobody made");
});
