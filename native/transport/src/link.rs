//! One connection after its handshake: what is sent and received goes through here,
//! whoever called.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::frame::{BlockInfo, Frame, FrameError, Kind};
use crate::handshake::FrameReader;
use crate::tls::Writer;

/// Data frames that wait to be written. What waits in addition is held back by credit.
const DATA_QUEUE: usize = 8;

/// Frames up to this length are collected before they are written.
const COPIED: usize = 16 << 10;

/// So much is collected at most.
const COLLECTED: usize = 128 << 10;

/// Bytes and connections of a process, or of one connection.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub sent: AtomicU64,
    pub received: AtomicU64,
    pub requests: AtomicU64,
    pub connections_in: AtomicU64,
    pub connections_out: AtomicU64,
    /// Connections made to others since the start.
    pub connected: AtomicU64,
    pub refused: AtomicU64,
}

/// The sending half, shared by all who have something to say.
#[derive(Debug)]
pub(crate) struct Link {
    pub peer: String,
    control: mpsc::UnboundedSender<Frame>,
    data: mpsc::Sender<(Frame, Option<BlockInfo>)>,
    pub token: CancellationToken,
    failure: OnceLock<String>,
}

/// What the loops of a connection work on.
pub(crate) struct Outbox {
    control: mpsc::UnboundedReceiver<Frame>,
    data: mpsc::Receiver<(Frame, Option<BlockInfo>)>,
}

impl Link {
    pub fn new(peer: String, token: CancellationToken) -> (Arc<Self>, Outbox) {
        let (control, control_out) = mpsc::unbounded_channel();
        let (data, data_out) = mpsc::channel(DATA_QUEUE);
        let link = Arc::new(Self { peer, control, data, token, failure: OnceLock::new() });
        (link, Outbox { control: control_out, data: data_out })
    }

    /// Sends a small frame, before all data that waits. A dead connection drops it.
    pub fn send(&self, frame: Frame) {
        let _ = self.control.send(frame);
    }

    /// Sends data when there is room for it; false when the connection is dead.
    pub async fn send_data(&self, frame: Frame, info: Option<BlockInfo>) -> bool {
        tokio::select! {
            sent = self.data.send((frame, info)) => sent.is_ok(),
            () = self.token.cancelled() => false,
        }
    }

    /// Ends the connection; the first reason is kept.
    pub fn fail(&self, reason: impl Into<String>) {
        let _ = self.failure.set(reason.into());
        self.token.cancel();
    }

    pub fn is_dead(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Why it ended.
    pub fn failure(&self) -> String {
        self.failure.get().cloned().unwrap_or_else(|| "the connection was closed".to_owned())
    }
}

/// Writes frames until the connection ends.
pub(crate) async fn write_loop(link: Arc<Link>, mut out: Outbox, mut writer: Writer, idle: Duration, traffic: Arc<Traffic>) {
    let written = tokio::select! {
        written = write_frames(&mut out, &mut writer, idle, &traffic) => written,
        () = link.token.cancelled() => Ok(()),
    };
    if let Err(error) = written {
        link.fail(format!("cannot write: {error}"));
    }
    // Tells the other side in good order, if it listens.
    let _ = timeout(Duration::from_millis(200), writer.shutdown()).await;
}

async fn write_frames(out: &mut Outbox, writer: &mut Writer, idle: Duration, traffic: &Traffic) -> io::Result<()> {
    let mut collected = BytesMut::with_capacity(COLLECTED);
    loop {
        let (frame, info) = tokio::select! {
            biased;
            Some(frame) = out.control.recv() => (frame, None),
            Some(data) = out.data.recv() => data,
            else => return Ok(()),
        };
        let mut next = Some((frame, info));
        while let Some((frame, info)) = next.take() {
            let head = frame.head(info);
            traffic.sent.fetch_add((head.len() + frame.body.len()) as u64, Ordering::Relaxed);
            collected.extend_from_slice(&head);
            if frame.body.len() <= COPIED {
                collected.extend_from_slice(&frame.body);
            } else {
                write_all(writer, collected.split().freeze().chain(frame.body), idle).await?;
            }
            if collected.len() < COLLECTED {
                next = out.control.try_recv().ok().map(|frame| (frame, None)).or_else(|| out.data.try_recv().ok());
            }
        }
        write_all(writer, collected.split().freeze().chain(Bytes::new()), idle).await?;
        flush(writer, idle).await?;
    }
}

/// A peer that takes nothing for `idle` is gone.
async fn write_all(writer: &mut Writer, mut bytes: impl Buf, idle: Duration) -> io::Result<()> {
    while bytes.has_remaining() {
        let written = timeout(idle, writer.write_buf(&mut bytes)).await;
        let written = written.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing"))??;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}

async fn flush(writer: &mut Writer, idle: Duration) -> io::Result<()> {
    timeout(idle, writer.flush()).await.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing"))?
}

/// Reads frames until the connection ends; answers pings. `on_frame` says what is wrong
/// with a frame, which ends the connection.
pub(crate) async fn read_loop(
    link: Arc<Link>,
    mut reader: FrameReader,
    idle: Duration,
    traffic: Arc<Traffic>,
    mut on_frame: impl FnMut(Frame) -> Result<(), String>,
) {
    let reason = loop {
        let next = tokio::select! {
            next = timeout(idle, reader.next()) => next,
            () = link.token.cancelled() => return,
        };
        let frame = match next {
            Err(_) => break format!("the peer was silent for {} s", idle.as_secs_f32()),
            Ok(None) => break "the connection was closed".to_owned(),
            Ok(Some(Err(FrameError::Io(error)))) => break format!("cannot read: {error}"),
            Ok(Some(Err(error))) => break format!("the peer sent garbage: {error}"),
            Ok(Some(Ok(frame))) => frame,
        };
        traffic.received.fetch_add((crate::frame::HEADER_LEN + frame.body.len()) as u64, Ordering::Relaxed);
        let handled = match frame.kind {
            Kind::Ping => {
                link.send(Frame::new(Kind::Pong, 0, Bytes::new()));
                Ok(())
            }
            Kind::Pong => Ok(()),
            _ => on_frame(frame),
        };
        if let Err(what) = handled {
            break format!("the peer sent garbage: {what}");
        }
    };
    link.fail(reason);
}
