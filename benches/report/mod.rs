//! The results as a table and as JSON.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

/// The values of the guard and of the bare server.
pub type Pair<T> = [T; 2];

/// All measurements.
pub struct Report {
    /// From spawn to the response to `initialize`.
    pub start: Pair<Vec<Duration>>,
    /// The first call of each process, which creates the HTTP client.
    pub first_call: Pair<Vec<Duration>>,
    /// The calls after the warm-up.
    pub rounds: Vec<Round>,
    /// Memory of each of several servers that run at once, after one call.
    pub together: Pair<Vec<Memory>>,
    /// KiB of private memory after the timed calls.
    pub private_early: Pair<u64>,
    /// KiB of private memory after the further calls.
    pub private_late: Pair<u64>,
    /// Size of the guard's binary in bytes.
    pub size: u64,
}

/// Memory of a process in KiB.
#[derive(Clone, Copy)]
pub struct Memory {
    /// What ends with the process.
    pub private: u64,
    /// The private memory with a share of the pages that several processes share.
    pub proportional: u64,
}

/// Calls to one process of each kind, in turns.
pub struct Round {
    /// The duration of each call.
    pub calls: Pair<Vec<Duration>>,
    /// CPU time of one call.
    pub processor: Pair<Duration>,
}

/// One line of the table, and its goal.
struct Row {
    name: &'static str,
    unit: &'static str,
    values: Pair<f64>,
    goal: Goal,
}

enum Goal {
    None,
    /// The guard's value is at most this many times the bare server's.
    Ratio(f64),
    /// The guard's value is at most this.
    Most(f64),
}

impl Row {
    fn ratio(&self) -> f64 {
        self.values[0] / self.values[1]
    }

    fn met(&self) -> Option<bool> {
        match self.goal {
            Goal::None => None,
            Goal::Ratio(most) => Some(self.ratio() <= most),
            Goal::Most(most) => Some(self.values[0] <= most),
        }
    }
}

impl Report {
    /// The smallest value of all rounds, because noise only adds time.
    fn quietest(&self, value: impl Fn(&Round) -> Pair<Duration>) -> Pair<f64> {
        [0, 1].map(|index| {
            let least = self.rounds.iter().map(|round| value(round)[index]).min();
            micros(least.unwrap_or_default())
        })
    }

    fn rows(&self) -> Vec<Row> {
        let row = |name, unit, values, goal| Row {
            name,
            unit,
            values,
            goal,
        };
        let median = |both: &Pair<Vec<Duration>>| {
            both.each_ref()
                .map(|all| percentile(all, 50).as_secs_f64() * 1e3)
        };
        let call = |percent| {
            self.quietest(|round| round.calls.each_ref().map(|all| percentile(all, percent)))
        };
        let grown =
            [0, 1].map(|index| mebi(self.private_late[index]) - mebi(self.private_early[index]));
        let memory = |value: fn(&Memory) -> u64| {
            self.together.each_ref().map(|all| {
                let all: Vec<u64> = all.iter().map(value).collect();
                mebi(percentile(&all, 50))
            })
        };
        vec![
            row(
                "start to initialize, median",
                "ms",
                median(&self.start),
                Goal::Ratio(1.5),
            ),
            row(
                "first call, median",
                "ms",
                median(&self.first_call),
                Goal::None,
            ),
            row("call, p50", "µs", call(50), Goal::Ratio(1.1)),
            row("call, p99", "µs", call(99), Goal::None),
            row(
                "processor time of a call",
                "µs",
                self.quietest(|round| round.processor),
                Goal::Ratio(1.1),
            ),
            row(
                "private memory, ten servers",
                "MiB",
                memory(|memory| memory.private),
                Goal::Most(2.0),
            ),
            row(
                "proportional memory (PSS), ten servers",
                "MiB",
                memory(|memory| memory.proportional),
                Goal::None,
            ),
            row(
                "memory growth in 5,000 calls",
                "MiB",
                grown,
                Goal::Most(0.25),
            ),
            row(
                "size of the binary",
                "MB",
                [self.size as f64 / 1e6, f64::NAN],
                Goal::None,
            ),
        ]
    }

    /// The table as JSON.
    pub fn json(&self) -> Value {
        let rows = self.rows().into_iter().map(|row| {
            json!({
                "name": row.name,
                "unit": row.unit,
                "guard": row.values[0],
                "bare": row.values[1],
                "ratio": row.ratio(),
                "met": row.met(),
            })
        });
        json!({ "rows": rows.collect::<Vec<_>>() })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<46}{:>8}{:>10}{:>8}", "", "guard", "bare", "ratio")?;
        let rows = self.rows();
        for row in &rows {
            let name = format!("{} ({})", row.name, row.unit);
            write!(f, "{name:<46}{:>8.2}", row.values[0])?;
            if row.values[1].is_finite() {
                write!(f, "{:>10.2}", row.values[1])?;
            }
            if row.ratio().is_finite() {
                write!(f, "{:>8.2}", row.ratio())?;
            }
            writeln!(f)?;
        }
        writeln!(f, "(calls and processor time: the quietest round)\n")?;
        for row in &rows {
            let verdict = match row.met() {
                Some(true) => "met",
                Some(false) => "missed",
                None => continue,
            };
            match row.goal {
                Goal::None => {}
                Goal::Ratio(most) => writeln!(
                    f,
                    "goal: {} at most {most} times the bare server's … {verdict}",
                    row.name
                )?,
                Goal::Most(most) => writeln!(
                    f,
                    "goal: {} at most {most} {} … {verdict}",
                    row.name, row.unit
                )?,
            }
        }
        Ok(())
    }
}

/// The value that this many percent do not exceed.
fn percentile<T: Copy + Ord>(all: &[T], percent: usize) -> T {
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn mebi(kibi: u64) -> f64 {
    kibi as f64 / 1024.0
}
