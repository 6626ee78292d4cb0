//! The listening side: accepts peers of the applications that it serves, and answers them.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::auth::{Secret, Transcript};
use crate::config::Limits;
use crate::credit::Credit;
use crate::error::{FetchCause, TransportError};
use crate::frame::{Frame, Kind};
use crate::handshake::{Session, answer};
use crate::link::{Link, Traffic, read_loop, write_loop};
use crate::message::{self, BlobRequest, Failure, Fetch};
use crate::serve::{Host, Registration, serve_blob, serve_copy, serve_fetch, verify};
use crate::tls::Tls;

/// Connections that have not proved anything yet.
const STRANGERS: usize = 256;

/// Requests of one connection at the same time.
const MAX_REQUESTS: usize = 4096;

/// Lanes of one request.
const MAX_LANES: usize = 1 << 20;

/// What all connections of a server share.
pub(crate) struct Server {
    pub host: Arc<dyn Host>,
    pub tls: Tls,
    pub limits: Limits,
    pub traffic: Arc<Traffic>,
    pub token: CancellationToken,
    pub tasks: TaskTracker,
    /// Threads that read and encode blocks at the same time.
    pub slots: Arc<Semaphore>,
}

impl Server {
    /// Accepts until the token ends it.
    pub async fn accept_loop(self: Arc<Self>, listener: TcpListener) {
        let strangers = Arc::new(Semaphore::new(STRANGERS));
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.token.cancelled() => return,
            };
            let (stream, peer) = match accepted {
                Ok((stream, peer)) => (stream, peer.to_string()),
                Err(error) => {
                    // Too many open files, for instance: it passes.
                    self.host.log(&format!("cannot accept a connection: {error}"));
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(stranger) = Arc::clone(&strangers).try_acquire_owned() else {
                self.turned_away(&peer, "too many connections in their handshake");
                continue;
            };
            let server = Arc::clone(&self);
            self.tasks.spawn(async move {
                let session = tokio::select! {
                    session = server.welcome(stream, &peer) => session,
                    () = server.token.cancelled() => return,
                };
                drop(stranger);
                match session {
                    Ok(session) => server.serve(session, peer).await,
                    Err(reason) => server.turned_away(&peer, &reason),
                }
            });
        }
    }

    fn turned_away(&self, peer: &str, reason: &str) {
        self.traffic.refused.fetch_add(1, Ordering::Relaxed);
        self.host.log(&format!("turned {peer} away: {reason}"));
    }

    async fn welcome(&self, stream: TcpStream, peer: &str) -> Result<Session, String> {
        let welcome = async {
            stream.set_nodelay(true).map_err(|e| e.to_string())?;
            let socket = self.tls.accept(stream).await.map_err(|e: io::Error| format!("no TLS: {e}"))?;
            answer(socket, peer, |application| self.host.secret(application), self.limits.max_frame).await.map_err(reason)
        };
        timeout(self.limits.connect, welcome).await.unwrap_or_else(|_| Err("no handshake in time".to_owned()))
    }

    async fn serve(self: &Arc<Self>, session: Session, peer: String) {
        let Session { reader, writer, secret, transcript, peer_max_frame } = session;
        let (link, out) = Link::new(peer, self.token.child_token());
        let _counted = Counted::new(&self.traffic);
        let limits = self.limits;
        let mut connection = ServerConnection {
            server: Arc::clone(self),
            link: Arc::clone(&link),
            secret,
            transcript,
            max_frame: limits.max_frame.min(peer_max_frame),
            requests: HashMap::new(),
        };
        let writing = write_loop(Arc::clone(&link), out, writer, limits.idle, Arc::clone(&self.traffic));
        let reading = read_loop(Arc::clone(&link), reader, limits.idle, Arc::clone(&self.traffic), |frame| connection.on_frame(frame));
        tokio::join!(writing, reading);
        let reason = link.failure();
        if reason.contains("garbage") {
            self.host.log(&format!("closed the connection of {}: {reason}", link.peer));
        }
    }
}

/// A connection counts as long as it lives.
struct Counted(Arc<Traffic>);

impl Counted {
    fn new(traffic: &Arc<Traffic>) -> Self {
        traffic.connections_in.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(traffic))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections_in.fetch_sub(1, Ordering::Relaxed);
    }
}

struct ServerConnection {
    server: Arc<Server>,
    link: Arc<Link>,
    secret: Secret,
    transcript: Transcript,
    max_frame: usize,
    /// What is being answered; dropping it ends that.
    requests: HashMap<u32, Answering>,
}

struct Answering {
    credits: Arc<[Credit]>,
    task: AbortOnDropHandle<()>,
}

impl ServerConnection {
    /// # Errors
    /// What is wrong with the frame: the connection ends.
    fn on_frame(&mut self, frame: Frame) -> Result<(), String> {
        match frame.kind {
            Kind::Credit => {
                let message::Credit { bytes } = parse(frame.body)?;
                // It may come after the answer.
                if let Some(credit) = self.requests.get(&frame.request).and_then(|r| r.credits.get(frame.lane as usize)) {
                    credit.add(bytes);
                }
            }
            Kind::Cancel => drop(self.requests.remove(&frame.request)),
            Kind::Fetch => self.fetch(frame)?,
            Kind::Blob => self.blob(frame)?,
            Kind::Copy => self.copy(frame)?,
            Kind::Verify => self.verify(frame)?,
            Kind::Register => self.register(frame)?,
            Kind::EndApplication => {
                let (host, application) = (Arc::clone(&self.server.host), self.transcript.application.clone());
                self.blocking(frame.request, move || host.end_application(&application).map(|()| Bytes::new()))?;
            }
            Kind::RemoveShuffle => {
                let message::RemoveShuffle { shuffle } = parse(frame.body)?;
                let (host, application) = (Arc::clone(&self.server.host), self.transcript.application.clone());
                self.blocking(frame.request, move || host.remove_shuffle(&application, shuffle).map(|()| Bytes::new()))?;
            }
            other => return Err(format!("a frame of kind {other:?} that only a server sends")),
        }
        Ok(())
    }

    fn fetch(&mut self, frame: Frame) -> Result<(), String> {
        let fetch: Fetch = parse(frame.body)?;
        if fetch.lanes.len() > MAX_LANES {
            return Err(format!("a request of {} lanes", fetch.lanes.len()));
        }
        let Some(blocks) = self.server.host.blocks(&self.transcript.application) else {
            self.fail(frame.request, FetchCause::Missing, "this process has no map outputs".to_owned());
            return Ok(());
        };
        let credits: Arc<[Credit]> = fetch.lanes.iter().map(|_| Credit::new(fetch.window)).collect();
        let (link, slots) = (Arc::clone(&self.link), Arc::clone(&self.server.slots));
        let serving = serve_fetch(link, frame.request, Arc::new(fetch), blocks, Arc::clone(&credits), slots, self.max_frame);
        self.answer(frame.request, credits, serving)
    }

    fn blob(&mut self, frame: Frame) -> Result<(), String> {
        let BlobRequest { id, offset, window } = parse(frame.body)?;
        let Some(blob) = self.server.host.blob(&self.transcript.application, &id) else {
            self.fail(frame.request, FetchCause::Missing, format!("it has no blob {id:?}"));
            return Ok(());
        };
        let credits: Arc<[Credit]> = [Credit::new(window)].into();
        let serving = serve_blob(Arc::clone(&self.link), frame.request, blob, offset, Arc::clone(&credits), self.max_frame);
        self.answer(frame.request, credits, serving)
    }

    fn copy(&mut self, frame: Frame) -> Result<(), String> {
        let copy: message::Copy = parse(frame.body)?;
        let Some(blocks) = self.server.host.blocks(&self.transcript.application) else {
            self.fail(frame.request, FetchCause::Missing, "this process has no map outputs".to_owned());
            return Ok(());
        };
        let credits: Arc<[Credit]> = [Credit::new(copy.window)].into();
        let serving = serve_copy(Arc::clone(&self.link), frame.request, copy, blocks, Arc::clone(&credits), self.max_frame);
        self.answer(frame.request, credits, serving)
    }

    fn verify(&mut self, frame: Frame) -> Result<(), String> {
        let message::Verify { shuffle, block, executor } = parse(frame.body)?;
        let block = block.ok_or("a check of no block")?;
        let Some(blocks) = self.server.host.blocks(&self.transcript.application) else {
            self.fail(frame.request, FetchCause::Missing, "this process has no map outputs".to_owned());
            return Ok(());
        };
        self.blocking(frame.request, move || Ok(verify(blocks.as_ref(), &executor, shuffle, block).encode_to_vec().into()))
    }

    fn register(&mut self, frame: Frame) -> Result<(), String> {
        let message::Register { application, executor, directories, sealed_secret } = parse(frame.body)?;
        let Some(secret) = self.secret.open(&self.transcript, &sealed_secret) else {
            return Err("a registration whose secret cannot be opened".to_owned());
        };
        let directories = directories.into_iter().map(Into::into).collect();
        let (host, caller) = (Arc::clone(&self.server.host), self.transcript.application.clone());
        let registration = Registration { application, secret, executor, directories };
        self.blocking(frame.request, move || host.register(&caller, registration).map(|()| Bytes::new()))
    }

    /// Answers with what `work` gives, from a thread that may block.
    fn blocking(&mut self, request: u32, work: impl FnOnce() -> Result<Bytes, String> + Send + 'static) -> Result<(), String> {
        let link = Arc::clone(&self.link);
        let answering = async move {
            let answer = tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err("the answer panicked".to_owned()));
            match answer {
                Ok(body) => link.send(Frame::new(Kind::Answer, request, body)),
                Err(message) => link.send(failure(request, FetchCause::Unknown, message)),
            }
        };
        self.answer(request, Arc::new([]), answering)
    }

    fn fail(&self, request: u32, cause: FetchCause, message: String) {
        self.link.send(failure(request, cause, message));
    }

    fn answer(&mut self, request: u32, credits: Arc<[Credit]>, answering: impl Future<Output = ()> + Send + 'static) -> Result<(), String> {
        self.requests.retain(|_, answering| !answering.task.is_finished());
        if self.requests.contains_key(&request) {
            return Err(format!("request {request} twice"));
        }
        if self.requests.len() >= MAX_REQUESTS {
            self.fail(request, FetchCause::Unknown, format!("more than {MAX_REQUESTS} requests at the same time"));
            return Ok(());
        }
        let task = AbortOnDropHandle::new(self.server.tasks.spawn(answering));
        self.requests.insert(request, Answering { credits, task });
        Ok(())
    }
}

/// Without the address, which is said already.
fn reason(error: TransportError) -> String {
    match error {
        TransportError::Network { what, .. } => what,
        TransportError::Refused { reason, .. } => reason,
        other => other.to_string(),
    }
}

fn failure(request: u32, cause: FetchCause, message: String) -> Frame {
    Frame::message(Kind::Failure, request, &Failure { cause: cause.code(), message, block: 0 })
}

fn parse<M: Message + Default>(body: Bytes) -> Result<M, String> {
    M::decode(body).map_err(|e| e.to_string())
}
