//! The meter: how much work and memory one evaluation may still spend.
//!
//! Every term that the engine evaluates, every value that a generator emits and every text that is
//! built passes here. When an allowance is spent the evaluation is ended by unwinding to
//! [`metered`], so no `try`, `//` or `?` of a mapping can catch the end and carry on. The unwinding
//! is no panic: the panic hook does not hear of it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The stack that an evaluation may use, in bytes. Threads of the hub have two megabytes; the rest
/// is for what stands above the evaluation and for giving values back.
const STACK: usize = 768 * 1024;

/// What one evaluation may spend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    /// Evaluated terms, emitted values, and 64 bytes of text read, each count one.
    pub(super) steps: u64,
    /// Bytes of text and members built, whether they are still held or not.
    pub(super) bytes: u64,
}

impl Allowance {
    /// What an input of `length` bytes may spend: enough for a mapping that walks each record
    /// some dozen times, and about a second of work at the most for ordinary messages.
    pub(super) fn of_input(length: usize) -> Self {
        let length = length as u64;
        Self {
            steps: 1_000_000 + 100 * length,
            bytes: (32 << 20) + 16 * length,
        }
    }
}

/// Why an evaluation was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The steps are spent.
    Steps,
    /// The bytes are spent.
    Bytes,
    /// Terms are nested too deeply for the stack.
    Stack,
    /// Values are nested too deeply to be written or compared.
    Depth,
    /// The engine itself panicked.
    Panicked,
}

struct Meter {
    steps: Cell<u64>,
    bytes: Cell<u64>,
    stack_top: Cell<usize>,
}

thread_local! {
    // Outside of an evaluation nothing is limited: values are also made while compiling.
    static METER: Meter = const {
        Meter { steps: Cell::new(u64::MAX), bytes: Cell::new(u64::MAX), stack_top: Cell::new(0) }
    };
}

/// Runs `work` with an allowance of its own; what it returns, or why it was ended.
pub(super) fn metered<T>(allowance: Allowance, work: impl FnOnce() -> T) -> Result<T, Ended> {
    let before = METER.with(|meter| {
        (
            meter.steps.replace(allowance.steps),
            meter.bytes.replace(allowance.bytes),
            meter.stack_top.replace(stack_mark()),
        )
    });
    // What `work` leaves behind when it is ended is dropped with it; the meter is set again below.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    METER.with(|meter| {
        meter.steps.set(before.0);
        meter.bytes.set(before.1);
        meter.stack_top.set(before.2);
    });
    outcome.map_err(|payload| {
        payload
            .downcast::<Ended>()
            .map_or(Ended::Panicked, |ended| *ended)
    })
}

/// Ends the evaluation.
pub(super) fn end(why: Ended) -> ! {
    resume_unwind(Box::new(why))
}

/// Spends one step and looks at the stack.
#[inline]
pub(super) fn step() {
    METER.with(|meter| {
        let left = meter.steps.get();
        if left == 0 {
            end(Ended::Steps);
        }
        meter.steps.set(left - 1);
        // Zero stands for "outside of an evaluation"; the difference is then nothing.
        if meter.stack_top.get().saturating_sub(stack_mark()) > STACK {
            end(Ended::Stack);
        }
    });
}

/// Spends `count` steps at once.
#[inline]
pub(super) fn steps(count: usize) {
    METER.with(|meter| match meter.steps.get().checked_sub(count as u64) {
        Some(left) => meter.steps.set(left),
        None => end(Ended::Steps),
    });
}

/// Spends `count` bytes of memory.
#[inline]
pub(super) fn bytes(count: usize) {
    METER.with(|meter| match meter.bytes.get().checked_sub(count as u64) {
        Some(left) => meter.bytes.set(left),
        None => end(Ended::Bytes),
    });
}

/// Spends the steps of reading a text of `length` bytes.
#[inline]
pub(super) fn read_text(length: usize) {
    steps(length / 64);
}

/// Where the stack stands now, as a number; stacks grow downwards on every platform we run on.
#[inline]
fn stack_mark() -> usize {
    let mark = 0_u8;
    std::ptr::from_ref(&mark) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Allowance = Allowance {
        steps: 100,
        bytes: 1000,
    };

    #[test]
    fn work_within_the_allowance_returns() {
        assert_eq!(metered(SMALL, || (0..100).map(|_| step()).count()), Ok(100));
    }

    #[test]
    fn what_is_spent_ends_the_work() {
        assert_eq!(
            metered(SMALL, || (0..101).for_each(|_| step())),
            Err(Ended::Steps)
        );
        assert_eq!(metered(SMALL, || bytes(1001)), Err(Ended::Bytes));
        assert_eq!(metered(SMALL, || read_text(64 * 101)), Err(Ended::Steps));
    }

    #[test]
    fn the_next_work_starts_anew_and_an_outer_one_keeps_its_own() {
        let outer = metered(SMALL, || {
            steps(60);
            assert_eq!(metered(SMALL, || steps(100)), Ok(()));
            steps(40);
            step();
        });
        assert_eq!(outer, Err(Ended::Steps));
        assert_eq!(metered(SMALL, || steps(100)), Ok(()));
    }

    #[test]
    fn endless_recursion_ends_before_the_stack_does() {
        fn recurse(depth: u64) -> u64 {
            step();
            if depth == u64::MAX {
                return 0;
            }
            std::hint::black_box(recurse(depth + 1)) + 1
        }
        let plenty = Allowance {
            steps: u64::MAX,
            bytes: 0,
        };
        assert_eq!(metered(plenty, || recurse(0)), Err(Ended::Stack));
    }
}
