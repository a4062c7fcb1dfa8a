//! A back end that answers each send by a seeded choice, and records what arrives.

use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::net::TcpSocket;

use super::{
    answers::{Choice, answer},
    connection::{Connection, Received, Turn},
    random::Random,
};

/// How long the back end rests between two rounds over its connections.
const ROUND: Duration = Duration::from_millis(1);

/// How long a back end that restarts takes no connections.
const DOWN: Duration = Duration::from_millis(20);

/// One of so many sends is not even read.
const UNREAD: u64 = 12;

/// A request, recorded when its first byte arrived.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The round in which its first byte was seen.
    pub round: u64,
    pub is_change: bool,
    /// What it says, if it arrived whole and was read.
    pub received: Option<Received>,
    pub choice: Option<Choice>,
}

pub struct BackEnd {
    pub address: SocketAddr,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    rounds: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BackEnd {
    pub fn start(seed: u64) -> Self {
        // Bound without listening, it keeps the port while the back end restarts.
        let holder = TcpSocket::new_v4().unwrap();
        holder.set_reuseaddr(true).unwrap();
        holder.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = holder.local_addr().unwrap();
        let listener = listen(address);
        let (arrivals, rounds, stop) = (Arc::default(), Arc::default(), Arc::default());
        let mut worker = Worker {
            seed,
            unread: Random::about(seed, "unread", 0),
            address,
            arrivals: Arc::clone(&arrivals),
            times: HashMap::new(),
        };
        let (counted, stopped) = (Arc::clone(&rounds), Arc::clone(&stop));
        let run = move || {
            worker.run(listener, &counted, &stopped);
            drop(holder);
        };
        Self {
            address,
            arrivals,
            rounds,
            stop,
            thread: Some(thread::spawn(run)),
        }
    }

    /// The round that begins next. What was sent before now arrives in this round at the
    /// latest, since a round takes everything that waits at the sockets.
    pub fn next_round(&self) -> u64 {
        self.rounds.load(Ordering::SeqCst) + 1
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap().clone()
    }
}

impl Drop for BackEnd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let listener = TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

struct Worker {
    seed: u64,
    /// Which sends are not read.
    unread: Random,
    address: SocketAddr,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    /// How often each text has arrived.
    times: HashMap<String, usize>,
}

impl Worker {
    fn run(&mut self, listener: TcpListener, rounds: &AtomicU64, stop: &AtomicBool) {
        let (mut listener, mut up_at) = (Some(listener), Instant::now());
        let mut connections: Vec<Connection> = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            let round = rounds.fetch_add(1, Ordering::SeqCst) + 1;
            if listener.is_none() && up_at <= Instant::now() {
                listener = Some(listen(self.address));
            }
            let accepted = listener.iter().flat_map(TcpListener::incoming);
            connections.extend(accepted.map_while(Result::ok).map(Connection::new));
            let mut restarts = false;
            connections.retain_mut(|connection| {
                let (stays, restart) = self.turn(connection, round);
                restarts |= restart;
                stays
            });
            if restarts {
                (listener, up_at) = (None, Instant::now() + DOWN);
                connections.clear();
            }
            thread::sleep(ROUND);
        }
    }

    /// Whether the connection stays, and whether the back end restarts.
    fn turn(&mut self, connection: &mut Connection, round: u64) -> (bool, bool) {
        match connection.turn() {
            Turn::Waits => (true, false),
            Turn::Ends => (false, false),
            Turn::Begins { is_change } => {
                let mut arrivals = self.arrivals.lock().unwrap();
                connection.arrival = arrivals.len();
                arrivals.push(Arrival {
                    round,
                    is_change,
                    received: None,
                    choice: None,
                });
                drop(arrivals);
                match is_change && self.unread.one_in(UNREAD) {
                    true => (false, false),
                    false => self.turn(connection, round),
                }
            }
            Turn::Received(received) => {
                let times = self.times.entry(received.subject()).or_default();
                let mut random = Random::about(self.seed, &received.subject(), *times);
                *times += 1;
                let choice = Choice::of(&received, &mut random);
                let mut arrivals = self.arrivals.lock().unwrap();
                let arrival = &mut arrivals[connection.arrival];
                arrival.choice = Some(choice);
                arrival.received = Some(received);
                drop(arrivals);
                match choice {
                    Choice::Drop => (false, false),
                    Choice::Restart => (false, true),
                    _ => {
                        connection.answer(answer(choice, &mut random));
                        (true, false)
                    }
                }
            }
        }
    }
}
