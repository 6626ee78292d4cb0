//! The calling side: one connection to each address, shared by all who want something there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use prost::Message;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::auth::{Secret, Transcript};
use crate::config::Limits;
use crate::error::{FetchCause, Result, TransportError};
use crate::frame::{BlockInfo, FIRST, Frame, Kind};
use crate::handshake::{Session, call};
use crate::link::{Link, Traffic, read_loop, write_loop};
use crate::message::{Credit, Failure};
use crate::tls::Tls;

/// Connections to other processes, as one application.
pub(crate) struct Client {
    pub application: String,
    pub secret: Secret,
    pub tls: Tls,
    pub limits: Limits,
    pub traffic: Arc<Traffic>,
    pub token: CancellationToken,
    pub tasks: TaskTracker,
    pub runtime: Handle,
    slots: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Slot>>>>,
    /// Addresses of processes that are known to be gone.
    gone: Mutex<HashSet<String>>,
}

#[derive(Default)]
struct Slot {
    peer: Option<Arc<Peer>>,
    failed: Option<(Instant, TransportError)>,
}

/// One connection to a server.
pub(crate) struct Peer {
    pub link: Arc<Link>,
    pub secret: Secret,
    pub transcript: Transcript,
    pub max_frame: usize,
    calls: Mutex<Calls>,
    next: AtomicU32,
}

struct Calls {
    /// Where what comes for each lane of a request goes.
    lanes: HashMap<u32, Vec<mpsc::UnboundedSender<Event>>>,
    last_used: Instant,
}

/// What a server sends for a lane.
#[derive(Debug)]
pub(crate) enum Event {
    Data { flags: u8, info: Option<BlockInfo>, body: Bytes },
    Answer(Bytes),
    Failure(Failure),
}

/// A request; dropping it tells the server that nobody waits for the rest.
pub(crate) struct Call {
    pub peer: Arc<Peer>,
    id: u32,
}

/// What comes for one lane, in order.
pub(crate) struct LaneReceiver {
    call: Arc<Call>,
    lane: u32,
    events: mpsc::UnboundedReceiver<Event>,
    window: u64,
    /// Used up since credit was given last.
    consumed: u64,
}

impl Client {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        application: String,
        secret: Secret,
        tls: Tls,
        limits: Limits,
        traffic: Arc<Traffic>,
        token: CancellationToken,
        tasks: TaskTracker,
        runtime: Handle,
    ) -> Arc<Self> {
        let (slots, gone) = (Mutex::default(), Mutex::default());
        Arc::new(Self { application, secret, tls, limits, traffic, token, tasks, runtime, slots, gone })
    }

    /// The connection to an address: the one that there is, or a new one.
    ///
    /// # Errors
    /// `Network`, `Refused`, `Closed`.
    pub async fn peer(self: &Arc<Self>, address: &str) -> Result<Arc<Peer>> {
        let asked = Instant::now();
        let slot = Arc::clone(self.slots.lock().entry(address.to_owned()).or_default());
        let mut slot = slot.lock().await;
        if self.token.is_cancelled() {
            return Err(TransportError::Closed);
        }
        if self.gone.lock().contains(address) {
            return Err(TransportError::Gone { address: address.to_owned() });
        }
        if let Some(peer) = slot.peer.as_ref().filter(|peer| !peer.link.is_dead()) {
            return Ok(Arc::clone(peer));
        }
        slot.peer = None;
        // Those who waited for the same attempt share its end.
        if let Some((_, error)) = slot.failed.as_ref().filter(|(at, _)| *at > asked) {
            return Err(error.clone());
        }
        // On the runtime that sockets belong to, whoever asks; aborted with the one who asks.
        let (client, to) = (Arc::clone(self), address.to_owned());
        let connecting = AbortOnDropHandle::new(self.runtime.spawn(async move { client.connect(&to).await }));
        let connected = connecting.await.unwrap_or_else(|_| Err(TransportError::network(address, "connecting panicked")));
        match connected {
            Ok(peer) => {
                slot.peer = Some(Arc::clone(&peer));
                slot.failed = None;
                Ok(peer)
            }
            Err(error) => {
                slot.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// The process at an address is gone for good: what waits for it fails at once.
    pub fn forget(&self, address: &str) {
        self.gone.lock().insert(address.to_owned());
        let slot = self.slots.lock().remove(address);
        if let Some(peer) = slot.and_then(|slot| slot.try_lock().ok().and_then(|slot| slot.peer.clone())) {
            peer.link.fail("its process is gone");
        }
    }

    pub fn is_gone(&self, address: &str) -> bool {
        self.gone.lock().contains(address)
    }

    async fn connect(self: &Arc<Self>, address: &str) -> Result<Arc<Peer>> {
        let limits = self.limits;
        let calling = async {
            let stream = TcpStream::connect(address).await.map_err(|e| TransportError::io(address, "cannot connect", e))?;
            stream.set_nodelay(true).map_err(|e| TransportError::io(address, "cannot connect", e))?;
            let socket = self.tls.connect(stream).await.map_err(|e| TransportError::io(address, "no TLS", e))?;
            call(socket, address, &self.application, self.secret.clone(), limits.max_frame).await
        };
        let session = timeout(limits.connect, calling)
            .await
            .unwrap_or_else(|_| Err(TransportError::network(address, format!("no connection in {} s", limits.connect.as_secs_f32()))))?;
        let Session { reader, writer, secret, transcript, peer_max_frame } = session;
        let (link, out) = Link::new(address.to_owned(), self.token.child_token());
        let calls = Mutex::new(Calls { lanes: HashMap::new(), last_used: Instant::now() });
        let max_frame = limits.max_frame.min(peer_max_frame);
        let peer = Arc::new(Peer { link: Arc::clone(&link), secret, transcript, max_frame, calls, next: AtomicU32::new(1) });
        self.traffic.connected.fetch_add(1, Ordering::Relaxed);
        self.traffic.connections_out.fetch_add(1, Ordering::Relaxed);
        let (traffic, living) = (Arc::clone(&self.traffic), Arc::clone(&peer));
        self.tasks.spawn_on(
            async move {
                let writing = write_loop(Arc::clone(&link), out, writer, limits.idle, Arc::clone(&traffic));
                let reading = read_loop(Arc::clone(&link), reader, limits.idle, Arc::clone(&traffic), |frame| living.on_frame(frame));
                tokio::join!(writing, reading, living.keep_alive(limits));
                // Those who wait see the end of their lanes.
                living.calls.lock().lanes.clear();
                traffic.connections_out.fetch_sub(1, Ordering::Relaxed);
            },
            &self.runtime,
        );
        Ok(peer)
    }
}

impl Peer {
    /// Starts a request of so many lanes; `body` is made into a frame of `kind`.
    ///
    /// # Errors
    /// `Network` when the connection is dead, `Invalid` when the server would not take the frame.
    pub fn call(self: &Arc<Self>, kind: Kind, message: &impl Message, lanes: usize, window: u64) -> Result<Vec<LaneReceiver>> {
        let length = message.encoded_len() + crate::frame::HEADER_LEN;
        if length > self.max_frame {
            let what = format!("a request of {length} bytes, where {} takes {} at most", self.link.peer, self.max_frame);
            return Err(TransportError::Invalid(what));
        }
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..lanes).map(|_| mpsc::unbounded_channel()).unzip();
        let mut calls = self.calls.lock();
        let mut id = self.next.fetch_add(1, Ordering::Relaxed);
        while calls.lanes.contains_key(&id) {
            id = self.next.fetch_add(1, Ordering::Relaxed);
        }
        calls.lanes.insert(id, senders);
        calls.last_used = Instant::now();
        drop(calls);
        let call = Arc::new(Call { peer: Arc::clone(self), id });
        // Under no lock, but after the insertion: a connection that ends now clears it or is seen here.
        if self.link.is_dead() {
            return Err(self.dead());
        }
        self.link.send(Frame::message(kind, id, message));
        let receivers = receivers.into_iter().zip(0..);
        Ok(receivers.map(|(events, lane)| LaneReceiver { call: Arc::clone(&call), lane, events, window, consumed: 0 }).collect())
    }

    /// Asks something that has one answer.
    pub async fn ask(self: &Arc<Self>, kind: Kind, message: &impl Message) -> Result<Bytes> {
        let mut lanes = self.call(kind, message, 1, 0)?;
        match lanes.pop() {
            Some(mut lane) => match lane.next().await? {
                Event::Answer(body) => Ok(body),
                _ => Err(TransportError::network(&self.link.peer, "an answer of another kind")),
            },
            None => Err(self.dead()),
        }
    }

    fn dead(&self) -> TransportError {
        TransportError::network(&self.link.peer, self.link.failure())
    }

    fn on_frame(&self, mut frame: Frame) -> Result<(), String> {
        let mut calls = self.calls.lock();
        let event = match frame.kind {
            Kind::Done => {
                calls.lanes.remove(&frame.request);
                calls.last_used = Instant::now();
                return Ok(());
            }
            Kind::Data => {
                let first = frame.flags & FIRST != 0;
                let info = if first { Some(BlockInfo::take(&mut frame.body).ok_or("a block that is not described")?) } else { None };
                Event::Data { flags: frame.flags, info, body: frame.body }
            }
            Kind::Answer => Event::Answer(frame.body),
            Kind::Failure => Event::Failure(Failure::decode(frame.body).map_err(|e| e.to_string())?),
            other => return Err(format!("a frame of kind {other:?} that no server sends")),
        };
        let is_answer = matches!(event, Event::Answer(_));
        if let Some(lanes) = calls.lanes.get(&frame.request) {
            let lane = lanes.get(frame.lane as usize).ok_or_else(|| format!("lane {} of a request of {}", frame.lane, lanes.len()))?;
            // One who does not wait any more has said so.
            let _ = lane.send(event);
        }
        if is_answer {
            calls.lanes.remove(&frame.request);
        }
        Ok(())
    }

    /// Pings the server, and ends a connection that nobody has used for long.
    async fn keep_alive(&self, limits: Limits) {
        let mut tick = interval(limits.idle / 3);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.link.token.cancelled() => return,
            }
            let unused = {
                let calls = self.calls.lock();
                calls.lanes.is_empty() && calls.last_used.elapsed() > limits.idle
            };
            if unused {
                self.link.fail("nobody used the connection");
                return;
            }
            self.link.send(Frame::new(Kind::Ping, 0, Bytes::new()));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut calls = self.peer.calls.lock();
        calls.last_used = Instant::now();
        if calls.lanes.remove(&self.id).is_some() {
            self.peer.link.send(Frame::new(Kind::Cancel, self.id, Bytes::new()));
        }
    }
}

impl LaneReceiver {
    /// The next that comes.
    ///
    /// # Errors
    /// What the server says, or `Network` when nothing more will come.
    pub async fn next(&mut self) -> Result<Event> {
        let peer = &self.call.peer;
        match self.events.recv().await {
            Some(Event::Failure(failure)) => Err(TransportError::Remote {
                address: peer.link.peer.clone(),
                cause: FetchCause::from_code(failure.cause),
                what: failure.message,
            }),
            Some(event) => Ok(event),
            None if peer.link.is_dead() => Err(peer.dead()),
            None => Err(TransportError::network(&peer.link.peer, "the answer ended early")),
        }
    }

    /// So much of what came was used up: the server may send as much again.
    pub fn release(&mut self, cost: u64) {
        self.consumed += cost;
        if self.consumed * 4 >= self.window {
            let credit = Credit { bytes: self.consumed };
            self.consumed = 0;
            let frame = Frame { lane: self.lane, ..Frame::message(Kind::Credit, self.call.id, &credit) };
            self.call.peer.link.send(frame);
        }
    }
}
