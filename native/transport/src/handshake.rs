//! The first frames of a connection.

use futures::StreamExt;
use prost::Message;
use tokio::io::AsyncWriteExt;
use tokio_util::codec::FramedRead;

use crate::VERSION;
use crate::auth::{Role, Secret, Transcript, nonce};
use crate::error::{Result, TransportError};
use crate::frame::{Frame, FrameDecoder, FrameError, Kind};
use crate::message::{Challenge, Hello, Proof, Refuse};
use crate::tls::{Reader, Socket, Writer};

/// Nobody who has not proved anything yet is listened to for longer.
const MAX_FRAME: usize = 4 << 10;

pub(crate) type FrameReader = FramedRead<Reader, FrameDecoder>;

/// A connection whose both ends know whom they talk to.
pub(crate) struct Session {
    pub reader: FrameReader,
    pub writer: Writer,
    pub secret: Secret,
    pub transcript: Transcript,
    /// The longest frame that the other side takes.
    pub peer_max_frame: usize,
}

/// Bytes that are read at once.
const READ_BUFFER: usize = 512 << 10;

fn framed(reader: Reader) -> FrameReader {
    FramedRead::with_capacity(reader, FrameDecoder { max_frame: MAX_FRAME }, READ_BUFFER)
}

/// Introduces this process to a server.
///
/// # Errors
/// `Refused`, `Network`.
pub(crate) async fn call(socket: Socket, address: &str, application: &str, secret: Secret, max_frame: usize) -> Result<Session> {
    let Socket { reader, mut writer, binding } = socket;
    let mut reader = framed(reader);
    let client_nonce = nonce()?;
    let hello = Hello { version: VERSION, application: application.to_owned(), nonce: client_nonce.clone() };
    send(&mut writer, address, Kind::Hello, &hello).await?;
    let challenge: Challenge = expect(&mut reader, address, Kind::Challenge).await?;
    let application = application.to_owned();
    let transcript = Transcript { version: VERSION, application, client_nonce, server_nonce: challenge.nonce, binding };
    let proof = Proof { mac: secret.prove(Role::Client, &transcript), max_frame: max_frame as u64 };
    send(&mut writer, address, Kind::Proof, &proof).await?;
    let accept: Proof = expect(&mut reader, address, Kind::Accept).await?;
    if !secret.verify(Role::Server, &transcript, &accept.mac) {
        let reason = "it could not prove that it has the secret".to_owned();
        return Err(TransportError::Refused { address: address.to_owned(), reason });
    }
    Ok(session(reader, writer, secret, transcript, max_frame, accept.max_frame))
}

/// Finds out who called.
///
/// # Errors
/// `Refused` with what the caller was told, `Network`.
pub(crate) async fn answer(
    socket: Socket,
    peer: &str,
    secret_of: impl Fn(&str) -> Option<Secret> + Send,
    max_frame: usize,
) -> Result<Session> {
    let Socket { reader, mut writer, binding } = socket;
    let mut reader = framed(reader);
    let hello: Hello = expect(&mut reader, peer, Kind::Hello).await?;
    if hello.version != VERSION {
        let reason = format!("it speaks version {} of the protocol, this process version {VERSION}", hello.version);
        return refuse(&mut writer, peer, reason).await;
    }
    let Some(secret) = secret_of(&hello.application) else {
        return refuse(&mut writer, peer, format!("application {:?} is not served here", hello.application)).await;
    };
    let server_nonce = nonce()?;
    send(&mut writer, peer, Kind::Challenge, &Challenge { nonce: server_nonce.clone() }).await?;
    let transcript = Transcript { version: VERSION, application: hello.application, client_nonce: hello.nonce, server_nonce, binding };
    let proof: Proof = expect(&mut reader, peer, Kind::Proof).await?;
    if !secret.verify(Role::Client, &transcript, &proof.mac) {
        return refuse(&mut writer, peer, format!("the secret of application {:?} is another one", transcript.application)).await;
    }
    let accept = Proof { mac: secret.prove(Role::Server, &transcript), max_frame: max_frame as u64 };
    send(&mut writer, peer, Kind::Accept, &accept).await?;
    Ok(session(reader, writer, secret, transcript, max_frame, proof.max_frame))
}

fn session(mut reader: FrameReader, writer: Writer, secret: Secret, transcript: Transcript, ours: usize, theirs: u64) -> Session {
    reader.decoder_mut().max_frame = ours;
    let theirs = usize::try_from(theirs).unwrap_or(usize::MAX).max(MAX_FRAME);
    Session { reader, writer, secret, transcript, peer_max_frame: theirs }
}

async fn send(writer: &mut Writer, address: &str, kind: Kind, message: &impl Message) -> Result<()> {
    let frame = Frame::message(kind, 0, message);
    let bytes = [frame.head(None), frame.body].concat();
    writer.write_all(&bytes).await.map_err(|e| TransportError::io(address, "the handshake broke off", e))?;
    writer.flush().await.map_err(|e| TransportError::io(address, "the handshake broke off", e))
}

async fn expect<M: Message + Default>(reader: &mut FrameReader, address: &str, kind: Kind) -> Result<M> {
    let garbage = |what: &str| TransportError::network(address, format!("the handshake broke off: {what}"));
    let frame = match reader.next().await {
        Some(Ok(frame)) => frame,
        Some(Err(FrameError::Io(error))) => return Err(TransportError::io(address, "the handshake broke off", error)),
        Some(Err(error)) => return Err(garbage(&error.to_string())),
        None => return Err(garbage("the connection was closed")),
    };
    if frame.kind == Kind::Refuse {
        let reason = Refuse::decode(frame.body).map_or_else(|_| "no reason given".to_owned(), |refuse| refuse.reason);
        return Err(TransportError::Refused { address: address.to_owned(), reason });
    }
    if frame.kind != kind {
        return Err(garbage("a frame that does not belong there"));
    }
    M::decode(frame.body).map_err(|e| garbage(&e.to_string()))
}

async fn refuse<T>(writer: &mut Writer, peer: &str, reason: String) -> Result<T> {
    send(writer, peer, Kind::Refuse, &Refuse { reason: reason.clone() }).await?;
    // The caller reads it before it sees the end of the connection.
    let _ = writer.shutdown().await;
    Err(TransportError::Refused { address: peer.to_owned(), reason })
}
