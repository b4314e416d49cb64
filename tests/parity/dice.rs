//! Random choices that a seed repeats.

use fastrand::Rng;

/// A source of choices.
pub struct Dice(Rng);

impl Dice {
    /// The choices of the case with this number in a run with this seed. Each case has choices of its own, so that it can
    /// be made again without those before it.
    pub fn of_case(seed: u64, family: usize, number: u64) -> Self {
        let stream = seed
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add((family as u64) << 48)
            .wrapping_add(number);
        Self(Rng::with_seed(stream))
    }

    /// One of them.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.0.usize(..choices.len())]
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.0.u32(..times) == 0
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0.usize(..limit)
    }

    /// So many of what `make` makes, joined.
    pub fn repeat(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> String) -> String {
        let count = self.below(most + 1);
        (0..count).map(|_| make(self)).collect()
    }

    /// `text`, or once in so many times something else.
    pub fn mostly(&mut self, text: &str, times: u32, others: &[&str]) -> String {
        match self.once_in(times) {
            true => self.pick(others).to_owned(),
            false => text.to_owned(),
        }
    }

    /// A text with a few faults: characters put in, left out, doubled or moved.
    pub fn mutated(&mut self, text: &str, alphabet: &[&str]) -> String {
        let mut pieces: Vec<String> = text.chars().map(String::from).collect();
        for _ in 0..=self.below(3) {
            let place = self.below(pieces.len() + 1);
            match self.below(5) {
                0 | 1 => pieces.insert(place, self.pick(alphabet).to_owned()),
                2 if place < pieces.len() => {
                    pieces.remove(place);
                }
                3 if place < pieces.len() => pieces[place] = self.pick(alphabet).to_owned(),
                _ => {
                    let end = (place + self.below(6)).min(pieces.len());
                    let copy = pieces[place..end].to_vec();
                    let target = self.below(pieces.len() + 1);
                    pieces.splice(target..target, copy);
                }
            }
        }
        pieces.concat()
    }
}
