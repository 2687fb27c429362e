//! The ceiling of signed answers: how often this machine signs an answer and checks a signature, and does nothing else.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Pairs of one signature and one check of it, a second, on so many threads. Ed25519, as answers are signed, over as many
/// bytes as an answer with its receipt has.
pub fn pairs_per_second(threads: usize, duration: Duration, bytes: usize) -> f64 {
    let message = vec![b'a'; bytes];
    let counted: Vec<f64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| one(duration, &message))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
    });
    counted.into_iter().sum()
}

fn one(duration: Duration, message: &[u8]) -> f64 {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed of 32 bytes makes a key");
    let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
    let begun = Instant::now();
    let mut pairs = 0_u32;
    while begun.elapsed() < duration {
        let signature = pair.sign(message);
        public.verify(message, signature.as_ref()).expect("a signature just made holds");
        pairs += 1;
    }
    f64::from(pairs) / begun.elapsed().as_secs_f64()
}
