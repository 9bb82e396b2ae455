"""Making and checking passkeys by the library `webauthn`; imported when somebody uses one.

The library costs 15 MB and half a second: a home without passkeys does not pay for it.
"""

import json
from collections.abc import Iterable
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub.api.problem import Problem
from hub.phrase import Phrase
from hub.store.account_records import Member, Passkey

BROKEN = (WebAuthnException, ValueError, KeyError, TypeError)
"""What the library raises for what is not as it should be."""


def making_options(
    rp: str, home: str, member: Member, challenge: bytes, have: Iterable[Passkey]
) -> dict[str, Any]:
    """Return options to make a passkey."""
    options = generate_registration_options(
        rp_id=rp,
        rp_name=home,
        user_name=member.name,
        user_id=member.id.encode(),
        challenge=challenge,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.id) for key in have],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


def made(
    credential: dict[str, Any], challenge: bytes, rp: str, origin: str
) -> tuple[bytes, bytes, int]:
    """Return the id, public key and count of a passkey that was made. Raises Problem (422)."""
    try:
        found = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp,
            expected_origin=origin,
            require_user_verification=True,
        )
    except BROKEN as err:
        raise Problem(422, "bad_passkey", Phrase("refused.passkey_unusable")) from err
    return found.credential_id, found.credential_public_key, found.sign_count


def showing_options(rp: str, challenge: bytes, have: Iterable[Passkey]) -> dict[str, Any]:
    """Return options to show a passkey."""
    options = generate_authentication_options(
        rp_id=rp,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=key.id) for key in have],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


def shown(
    credential: dict[str, Any], challenge: bytes, rp: str, origin: str, have: Iterable[Passkey]
) -> tuple[Passkey, int]:
    """Return which passkey was shown, and its new count. Raises Problem (403)."""
    try:
        named = base64url_to_bytes(str(credential.get("rawId", "")))
        key = {one.id: one for one in have}[named]
        found = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp,
            expected_origin=origin,
            credential_public_key=key.key,
            credential_current_sign_count=key.uses,
            require_user_verification=True,
        )
    except BROKEN as err:
        raise Problem(403, "bad_passkey", Phrase("refused.passkey_not_shown")) from err
    return key, found.new_sign_count
