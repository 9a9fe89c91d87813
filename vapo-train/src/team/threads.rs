//! A team of threads of one process, for tests.

use super::Team;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Barrier, Mutex};

/// What all ranks share.
struct Shared {
    size: usize,
    barrier: Barrier,
    said: Mutex<Vec<u8>>,
}

struct Rank<'a> {
    rank: usize,
    shared: &'a Shared,
    next: Option<Mutex<Sender<Vec<u8>>>>,
    before: Option<Mutex<Receiver<Vec<u8>>>>,
}

impl Team for Rank<'_> {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.shared.size
    }

    fn pass_on(&self, bytes: &[u8]) {
        self.next.as_ref().expect("the last rank has no next").lock().unwrap().send(bytes.to_vec()).unwrap();
    }

    fn take_over(&self, bytes: &mut [u8]) {
        let before = self.before.as_ref().expect("rank 0 has none before it");
        bytes.copy_from_slice(&before.lock().unwrap().recv().unwrap());
    }

    fn broadcast(&self, from: usize, bytes: &mut [u8]) {
        if from == self.rank {
            *self.shared.said.lock().unwrap() = bytes.to_vec();
        }
        self.shared.barrier.wait();
        bytes.copy_from_slice(&self.shared.said.lock().unwrap());
        self.shared.barrier.wait();
    }

    fn finish(&self) {}

    fn abort(&self, code: u8) {
        panic!("rank {} ends all with {code}", self.rank);
    }
}

/// Runs `work` as every rank of a team, and returns what each came to.
pub(crate) fn together<T: Send>(size: usize, work: impl Fn(&dyn Team) -> T + Sync) -> Vec<T> {
    let shared = Shared { size, barrier: Barrier::new(size), said: Mutex::default() };
    let (mut senders, mut receivers): (Vec<_>, Vec<_>) = (vec![], vec![None]);
    for _ in 1..size {
        let (sender, receiver) = channel();
        senders.push(Some(Mutex::new(sender)));
        receivers.push(Some(Mutex::new(receiver)));
    }
    senders.push(None);
    let ranks = senders.into_iter().zip(receivers).enumerate();
    let ranks: Vec<_> = ranks.map(|(rank, (next, before))| Rank { rank, shared: &shared, next, before }).collect();
    std::thread::scope(|scope| {
        let started: Vec<_> = ranks.iter().map(|rank| scope.spawn(|| work(rank))).collect();
        started.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}
