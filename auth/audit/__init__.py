"""The append-only record: what happened is written once, in order, and tampering with it afterwards shows."""

from auth.audit.entry import JSON, AuditEntry, AuditHead, Event, commitment
from auth.audit.export import export
from auth.audit.log import AuditLog, InclusionProof
from auth.audit.notes import BadNote, Checkpoint, CheckpointSigner, CheckpointVerifier
from auth.audit.problem import Kind, Problem
from auth.audit.recording import append_recorded, forget_since, record, recorded
from auth.audit.verify import Report, verify
from auth.audit.witness import Observation, Witness, read_notes

__all__ = [
    "JSON",
    "AuditEntry",
    "AuditHead",
    "AuditLog",
    "BadNote",
    "Checkpoint",
    "CheckpointSigner",
    "CheckpointVerifier",
    "Event",
    "InclusionProof",
    "Kind",
    "Observation",
    "Problem",
    "Report",
    "Witness",
    "append_recorded",
    "commitment",
    "export",
    "forget_since",
    "read_notes",
    "record",
    "recorded",
    "verify",
]
