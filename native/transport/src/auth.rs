//! Both sides prove that they have the secret, which never travels: each sends a random
//! number, and the HMAC of the conversation so far. Inside TLS the conversation begins
//! with a number that only the two ends of this very session know (RFC 9266), so that
//! nobody in between can pass proofs on.

use std::fmt;
use std::sync::Arc;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Result, TransportError};

pub(crate) const NONCE_BYTES: usize = 32;

/// What peers of an application share.
#[derive(Clone)]
pub struct Secret(Arc<[u8]>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Who speaks: without it a proof could be sent back to its maker.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    Client,
    Server,
}

/// What both sides have seen of a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Transcript {
    pub version: u32,
    pub application: String,
    pub client_nonce: Vec<u8>,
    pub server_nonce: Vec<u8>,
    /// Of the TLS session; empty without one.
    pub binding: Vec<u8>,
}

impl Secret {
    /// # Errors
    /// `Invalid` for an empty one.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        if bytes.is_empty() {
            return Err(TransportError::Invalid("a transport needs a secret".to_owned()));
        }
        Ok(Self(Arc::from(bytes)))
    }

    /// Its bytes: for a registry that keeps it, never for the wire.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }

    pub(crate) fn prove(&self, role: Role, transcript: &Transcript) -> Vec<u8> {
        hmac::sign(&self.key(), &transcript.bytes(role.label())).as_ref().to_vec()
    }

    /// Compares in a time that tells nothing.
    pub(crate) fn verify(&self, role: Role, transcript: &Transcript, mac: &[u8]) -> bool {
        hmac::verify(&self.key(), &transcript.bytes(role.label()), mac).is_ok()
    }

    /// A key of this conversation only.
    fn sealing_key(&self, transcript: &Transcript) -> Option<LessSafeKey> {
        let key = hmac::sign(&self.key(), &transcript.bytes(b"kiln seal"));
        UnboundKey::new(&CHACHA20_POLY1305, key.as_ref()).ok().map(LessSafeKey::new)
    }

    /// Encrypts another secret for the other side of a conversation.
    pub(crate) fn seal(&self, transcript: &Transcript, secret: &Self) -> Result<Vec<u8>> {
        let failed = || TransportError::Invalid("a secret could not be sealed".to_owned());
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| failed())?;
        let mut sealed = secret.0.to_vec();
        let key = self.sealing_key(transcript).ok_or_else(failed)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).map_err(|_| failed())?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts what the other side sealed.
    pub(crate) fn open(&self, transcript: &Transcript, sealed: &[u8]) -> Option<Self> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = sealed.to_vec();
        let key = self.sealing_key(transcript)?;
        let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut bytes).ok()?;
        Self::new(opened).ok()
    }
}

impl Role {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Client => b"kiln client",
            Self::Server => b"kiln server",
        }
    }
}

impl Transcript {
    fn bytes(&self, label: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&self.version.to_le_bytes());
        for part in [label, self.application.as_bytes(), &self.client_nonce, &self.server_nonce, &self.binding] {
            // With their lengths: no two conversations look alike.
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

/// A number that nobody can guess.
pub(crate) fn nonce() -> Result<Vec<u8>> {
    let mut nonce = vec![0; NONCE_BYTES];
    SystemRandom::new().fill(&mut nonce).map_err(|_| TransportError::Invalid("the system gives no random numbers".to_owned()))?;
    Ok(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript() -> Transcript {
        Transcript {
            version: 1,
            application: "app-1".to_owned(),
            client_nonce: nonce().unwrap(),
            server_nonce: nonce().unwrap(),
            binding: Vec::new(),
        }
    }

    #[test]
    fn a_proof_is_of_one_side_of_one_conversation() {
        let (secret, other) = (Secret::new(b"secret").unwrap(), Secret::new(b"secrets").unwrap());
        let conversation = transcript();
        let proof = secret.prove(Role::Client, &conversation);
        assert!(secret.verify(Role::Client, &conversation, &proof));
        assert!(!secret.verify(Role::Server, &conversation, &proof));
        assert!(!other.verify(Role::Client, &conversation, &proof));
        assert!(!secret.verify(Role::Client, &transcript(), &proof));
        assert!(!secret.verify(Role::Client, &conversation, &proof[1..]));
        let bound = Transcript { binding: vec![1], ..conversation };
        assert!(!secret.verify(Role::Client, &bound, &proof));
    }

    #[test]
    fn a_sealed_secret_is_for_one_conversation() {
        let (service, app) = (Secret::new(b"service").unwrap(), Secret::new(b"application").unwrap());
        let conversation = transcript();
        let mut sealed = service.seal(&conversation, &app).unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"appl"));
        assert_eq!(service.open(&conversation, &sealed).unwrap().bytes(), b"application");
        assert!(service.open(&transcript(), &sealed).is_none());
        assert!(app.open(&conversation, &sealed).is_none());
        sealed[20] ^= 1;
        assert!(service.open(&conversation, &sealed).is_none());
        assert!(service.open(&conversation, b"short").is_none());
    }

    #[test]
    fn no_secret_is_refused() {
        assert!(Secret::new(b"").is_err());
        assert!(Secret::from_base64("not base64!").is_err());
        assert!(!format!("{:?}", Secret::new(b"abc").unwrap()).contains("abc"));
    }
}
