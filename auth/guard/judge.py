"""May they? Cedar answers, asked in the one way in which it cannot fail open.

Two questions, in this order: could this ever be allowed (every need met)? and if so, what is missing now? So nobody
is asked to confirm what would be denied anyway. The steps are numbered; SECURITY.md refers to the numbers.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cedarpy

from auth.actor import Actor, Role
from auth.guard.commands import Effect
from auth.guard.decisions import Allowed, Decision, Denied, Missing, Need, Reason
from auth.guard.reach import Reach, reach

DEFAULT_DENY = Reason("default-deny", "The shop's rules do not allow this.")
JUDGE_FAILED = Reason("judge-failed", "The shop could not check its rules for this, so it did not do it.")


class PolicyRefused(RuntimeError):
    """The policies cannot be trusted, so the shop does not open: absent, invalid, unlabelled or answering wrongly."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Something a policy can speak of: a type, a key, and attributes (another entity for a reference)."""

    kind: str
    key: str
    attributes: Mapping[str, "str | int | bool | Entity | None"]

    def as_cedar(self) -> dict[str, Any]:
        """Cedar's JSON form; an attribute that is ``None`` is left out, so a policy must ask ``has`` first."""
        values = {n: _value(v) for n, v in self.attributes.items() if v is not None}
        return {"uid": self.uid, "attrs": values, "parents": []}

    @property
    def uid(self) -> dict[str, str]:
        return {"type": self.kind, "id": self.key}


@dataclass(frozen=True, slots=True)
class Stamps:
    """The needs met so far: who confirmed, how old the second factor was then (seconds), who reviewed."""

    confirmed: bool = False
    second_factor_age_s: int | None = None
    reviewed: bool = False

    def met(self) -> "Stamps":
        """All of them, as the first question supposes."""
        return replace(self, confirmed=True, second_factor_age_s=0, reviewed=True)


@dataclass(frozen=True, slots=True)
class Question:
    """One request for a decision: everything comes from the record and the session, nothing from a model."""

    action: str
    actor: Actor
    principal: Entity
    resource: Entity
    context: Mapping[str, str | int | bool | None]


class Judge:
    """The parsed and validated policies of a folder; made once, safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        schema_text, policy_text = _read(folder)
        _validate(policy_text, schema_text)
        self._schema = cedarpy.Schema.from_str(schema_text)
        self._policies = cedarpy.PolicySet.from_str(policy_text)
        self.actions = _actions(schema_text)
        self.rules = _rules(policy_text)
        self._reach = _reach(policy_text, self.actions)
        self.version = hashlib.sha256(f"{schema_text}\0{policy_text}".encode()).hexdigest()[:16]
        self._by_id = {rule.policy: rule for rule in self.rules.values()}

    def decide(self, question: Question, stamps: Stamps) -> Decision:
        """Answer with :class:`Allowed`, :class:`Missing` (what is needed) or :class:`Denied`."""
        # (1) Could this ever be allowed? Every need is supposed to be met.
        ever, reasons = self._ask(question, stamps.met())
        if not ever:
            return Denied(self._reasons(reasons))
        # (2) Is it allowed as things are?
        now, reasons = self._ask(question, stamps)
        if now:
            return Allowed(self._reasons(reasons))
        # (3) What is missing is what the determining forbids say they need.
        needs = frozenset(need for r in reasons if (need := self.rules[r].needs) is not None)
        if not needs:
            # The two questions differ in the stamps alone, so a forbid without @needs reads a stamp: a policy bug.
            return Denied(self._reasons(reasons))
        return Missing(needs, self._reasons(reasons))

    def could_ever(self, role: Role, action: str) -> bool:
        """Whether anybody of this role could ever be allowed the action; nobody could be what is not known here."""
        return (kind_of(role), action) in self._reach

    def says(self, policy: str) -> str:
        """The words of a policy, by its ``@id``; for pages that explain a past decision."""
        for reason in (DEFAULT_DENY, JUDGE_FAILED):
            if policy == reason.policy:
                return reason.says
        rule = self._by_id.get(policy)
        return rule.says if rule is not None else ""

    def _ask(self, question: Question, stamps: Stamps) -> tuple[bool, Sequence[str]]:
        context = _context(question, stamps)
        # (4) The entities are built with the schema: without it ``action in Action::"Write"`` never matches and
        #     every forbid over the group vanishes without an error.
        entities = [question.principal.as_cedar()]
        if question.resource.uid != question.principal.uid:
            entities.append(question.resource.as_cedar())
        try:
            handle = cedarpy.Entities.from_json_str(json.dumps(entities), self._schema)
            answer = cedarpy.is_authorized(
                {
                    "principal": question.principal.uid,
                    "action": {"type": "Action", "id": question.action},
                    "resource": question.resource.uid,
                    "context": context,
                },
                self._policies,
                handle,
                self._schema,
            )
        except ValueError:
            return False, ("",)
        # (5) A policy that errors is skipped by Cedar, so an answer with errors counts as no.
        if answer.diagnostics.errors or answer.decision is cedarpy.Decision.NoDecision:
            return False, ("",)
        return answer.decision is cedarpy.Decision.Allow, answer.diagnostics.reasons

    def _reasons(self, positions: Sequence[str]) -> tuple[Reason, ...]:
        if not positions:
            return (DEFAULT_DENY,)
        if "" in positions:
            return (JUDGE_FAILED,)
        return tuple(sorted((self.rules[p].reason for p in positions), key=lambda r: r.policy))


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy's labels."""

    policy: str
    effect: str
    says: str
    needs: Need | None

    @property
    def reason(self) -> Reason:
        return Reason(self.policy, self.says)


def refuse_to_open(judge: Judge, questions: Sequence[tuple[str, Question, Stamps]]) -> None:
    """Ask what must be denied; any *allowed* means that the policies or the library changed under us."""
    if not questions:
        raise PolicyRefused("no start-up question was given, so nothing shows that the policies can say no")
    for sentence, question, stamps in questions:
        if isinstance(judge.decide(question, stamps), Allowed):
            raise PolicyRefused(f"the policies allow what they must never allow: {sentence}")


def _context(question: Question, stamps: Stamps) -> dict[str, Any]:
    actor = question.actor
    facts: dict[str, Any] = {
        "channel": actor.channel.value,
        "assistant": actor.act is not None,
        "tainted": actor.tainted,
        "silenced": actor.silenced,
        "switched_off": actor.switched_off,
        "foreign": actor.brings_foreign_values,
        "delegation_over": actor.delegation_over,
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
        "risk": actor.risk.value,
        "confirmed": stamps.confirmed,
        "reviewed": stamps.reviewed,
        "second_factor_age_s": stamps.second_factor_age_s,
        **question.context,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _value(value: "str | int | bool | Entity | None") -> object:
    return {"__entity": value.uid} if isinstance(value, Entity) else value


def _read(folder: Path) -> tuple[str, str]:
    schema = folder / "schema.cedarschema"
    files = sorted(folder.glob("*.cedar"))
    if not schema.is_file() or not files:
        raise PolicyRefused(f"no policy, no shop: {folder} needs schema.cedarschema and at least one .cedar file")
    return schema.read_text("utf-8"), "\n".join(f.read_text("utf-8") for f in files)


def _validate(policies: str, schema: str) -> None:
    result = cedarpy.validate_policies(policies, schema)
    if not result.validation_passed:
        raise PolicyRefused("the policies do not fit the schema: " + "; ".join(str(e) for e in result.errors))


def _actions(schema: str) -> dict[str, frozenset[Effect]]:
    """Each action that applies to something, and the effect groups it is in, as the schema has them."""
    found: dict[str, frozenset[Effect]] = {}
    text = "\n".join(line.split("//")[0] for line in schema.splitlines())
    for statement in text.split(";"):
        words = statement.split("appliesTo")[0].split()
        if words[:1] != ["action"] or "appliesTo" not in statement:
            continue
        head = " ".join(words[1:])
        names, _, groups = head.partition(" in ")
        effects = frozenset(Effect(g.strip()) for g in groups.strip(" []").split(",") if g.strip())
        found.update({name.strip(): effects for name in names.split(",")})
    return found


def _reach(policies: str, actions: Mapping[str, frozenset[Effect]]) -> Reach:
    parsed = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
    try:
        return reach(parsed.values(), actions, map(kind_of, Role))
    except ValueError as error:
        raise PolicyRefused(str(error)) from error


def _rules(policies: str) -> dict[str, Rule]:
    parsed = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
    rules = {position: _rule(body) for position, body in parsed.items()}
    if not any(rule.effect == "permit" for rule in rules.values()):
        raise PolicyRefused("the policies permit nothing at all: that is a mistake, so the shop does not open")
    if len({rule.policy for rule in rules.values()}) != len(rules):
        raise PolicyRefused("two policies have the same @id")
    return rules


def _rule(body: Mapping[str, Any]) -> Rule:
    labels = body.get("annotations", {})
    if not labels.get("id") or not labels.get("says"):
        raise PolicyRefused(f"a policy lacks @id or @says: {labels or body.get('conditions')}")
    if "needs" in labels and body["effect"] != "forbid":
        raise PolicyRefused(f"@needs belongs on a forbid, not on {labels['id']}")
    try:
        needs = Need(labels["needs"]) if "needs" in labels else None
    except ValueError as error:
        raise PolicyRefused(f"{labels['id']} needs {labels['needs']!r}, which nobody can give") from error
    return Rule(labels["id"], body["effect"], labels["says"], needs)


def principal_of(actor: Actor, *, status: str) -> Entity:
    """The actor as a policy sees them. ``status`` is the account's: ``active``, ``frozen`` or ``closed``."""
    account = str(actor.account_id or "nobody")
    return Entity(kind_of(actor.role), account, {"account": account, "status": status})


def kind_of(role: Role) -> str:
    """The policies' name for what kind of account is asking: ``Guest``, ``Customer`` or ``Clerk``."""
    return role.value.capitalize()
