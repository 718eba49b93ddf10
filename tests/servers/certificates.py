"""Certificates of servers on loopback: signed by a CA made for the run, or by nobody."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    """PEM files: the certificate and its key, and what has to be trusted to accept it."""

    ca_bundle: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """The server's side of TLS with it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def signed(folder: Path, *hosts: str) -> Certificate:
    """A certificate for 127.0.0.1, localhost and `hosts`, and the CA that signed it, whose key is not kept.

    The files' names are those that MinIO looks for.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = "CA of the tests"
    identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    ca = (
        _begun(ca_name, ca_key, issuer=ca_name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), *map(x509.DNSName, hosts), _loopback()]
    certificate = (
        _begun("server of the tests", key, issuer=ca_name)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    made = Certificate(folder / "authority.pem", folder / "public.crt", folder / "private.key")
    made.ca_bundle.write_bytes(_pem(ca))
    _write(made, certificate, key)
    return made


def self_signed(folder: Path) -> Certificate:
    """A certificate for 127.0.0.1 alone that nobody has signed, and so its own authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), "store.test"
    certificate = (
        _begun(name, key, issuer=name)
        .add_extension(x509.SubjectAlternativeName([_loopback()]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / "certificate.pem", folder / "certificate.pem", folder / "key.pem")
    _write(made, certificate, key)
    return made


def _loopback() -> x509.IPAddress:
    from cryptography import x509

    return x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


def _begun(subject: str, key: EllipticCurvePrivateKey, *, issuer: str) -> x509.CertificateBuilder:
    """Good from yesterday on, for clocks that go wrong, and until tomorrow."""
    from cryptography import x509

    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(_named(issuer), _named(subject), key.public_key(), x509.random_serial_number())
    return made.not_valid_before(now - _DAY).not_valid_after(now + _DAY)


def _named(text: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _write(made: Certificate, certificate: x509.Certificate, key: EllipticCurvePrivateKey) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made.certificate.write_bytes(_pem(certificate))
    made.key.touch(mode=0o600)
    made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)
