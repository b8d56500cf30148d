"""The lines that protect, each with what it is replaced by to see that a test misses it.

``python ci/remove_protections.py`` removes them one by one in a copy; docs/security.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

_MICROSOFT = "tests/attacks/test_hostile_microsoft.py::test_"
_ADMINISTRATOR = "tests/attacks/test_hostile_administrator.py::test_"
_BROWSER = "tests/attacks/test_hostile_browser.py::test_"
_HOOKS = "tests/login/test_backend_hooks.py::test_"
_TIE = "tests/attacks/test_hostile_tie.py::test_"
_EVENTS = "tests/login/log/test_events.py::test_"
_REPORTS = "tests/login/state/test_withheld.py::test_"
_COLLEAGUE = "tests/attacks/test_hostile_colleague.py::test_"
_FORGED = f"{_MICROSOFT}a_forged_id_token"


@dataclass(frozen=True)
class Protection:
    """``line`` stands once in ``file`` (of the app); with ``instead`` in its place, ``test`` fails.

    ``also`` is a second line that goes with it, where the two say the same thing at both ends.
    """

    file: str
    line: str
    instead: str
    test: str
    also: tuple[str, str] | None = None

    @property
    def edits(self) -> tuple[tuple[str, str], ...]:
        return ((self.line, self.instead), *((self.also,) if self.also else ()))


def _never(condition: str) -> tuple[str, str]:
    """The condition of a refusal, which then never holds."""
    indent = condition[: len(condition) - len(condition.lstrip())]
    return condition, f"{indent}if False:"


PROTECTIONS = [
    # --- ID tokens
    *(
        Protection("entra/id_token.py", *_never(line), test)
        for line, test in (
            ("    if len(token) > MAX_TOKEN_LENGTH:", _FORGED),
            (
                "    if len(parts) != 3:",
                "tests/entra/test_id_token.py::"
                "test_what_a_token_says_wrong_is_refused_before_any_key_is_looked_up",
            ),
            ("    if not isinstance(value, dict):", _FORGED),
            ("    if len(members) != len(pairs):", _FORGED),
            ('    if header.get("alg") != ALGORITHM:', _FORGED),
            ('    if "crit" in header:', _FORGED),
            (
                '    if "b64" in header:',
                "tests/entra/test_id_token.py::"
                "test_what_a_token_says_wrong_is_refused_before_any_key_is_looked_up",
            ),
            (
                "    if not _BASE64URL.fullmatch(part):",
                "tests/entra/test_id_token.py::"
                "test_a_part_with_characters_outside_base64url_is_refused",
            ),
            ("    if not isinstance(key_id, str) or not key_id:", _FORGED),
            (
                '    if not _is_guid(claims.get("tid")) or not _is_guid(claims.get("oid")):',
                _FORGED,
            ),
            ("    if policy.tenant_id not in (None, tenant_id):", _FORGED),
            (
                '    if not isinstance(claims.get("sub"), str) or not claims["sub"].strip():',
                _FORGED,
            ),
            ('    if claims.get("iss") != issuer:', _FORGED),
            ('    if claims.get("ver") != _VERSIONS[policy.authority.identity_api]:', _FORGED),
            ('    if claims.get("aud") not in (client_id, [client_id]):', _FORGED),
            ('    if claims.get("azp", client_id) != client_id:', _FORGED),
            ('    if _time(claims, "exp") <= now - LEEWAY:', _FORGED),
            ('    if _time(claims, "iat") > now + LEEWAY:', _FORGED),
            ('    if "nbf" in claims and _time(claims, "nbf") > now + LEEWAY:', _FORGED),
            ("    if not isinstance(value, int | float) or isinstance(value, bool):", _FORGED),
            (
                "    if not nonce or not isinstance(value, str) or not _same(value, nonce):",
                f"{_MICROSOFT}a_reused_id_token",
            ),
            (
                '    if not isinstance(claims["at_hash"], str) or '
                'not _same(claims["at_hash"], expected):',
                _FORGED,
            ),
            (
                '    if (key.issuer or "").replace("{tenantid}", tenant_id) not in expected:',
                f"{_MICROSOFT}a_key_whose_issuer_covers_another_directory",
            ),
        )
    ),
    Protection(
        "entra/id_token.py",
        "    if not is_right:",
        "    if False:",
        _FORGED,
    ),
    Protection(
        "entra/id_token.py",
        "            parse_constant=_refuse_constant,\n",
        "",
        _FORGED,
    ),
    Protection(
        "entra/id_token.py",
        "    except (ValueError, RecursionError):",
        "    except ValueError:",
        _FORGED,
    ),
    *(
        Protection(
            "entra/id_token.py", line, instead, f"{_ADMINISTRATOR}a_guest_who_looks_like_a_member"
        )
        for line, instead in (
            ('claims.get("acct") in (1, "1")', "False"),
            ("        or _is_home_elsewhere(claims, authority)\n", ""),
            ("not isinstance(home, str) or ", "isinstance(home, str) and "),
            ('"#EXT#" in clean_address(names).upper()', "False"),
        )
    ),
    *(
        Protection(
            "entra/id_token.py", line, instead, f"{_ADMINISTRATOR}a_name_that_looks_like_somebodys"
        )
        for line, instead in (
            (
                '        name=clean_name(_text(claims, "name")),',
                '        name=_text(claims, "name"),',
            ),
            (
                '        upn=clean_address(_text(claims, "upn")),',
                '        upn=_text(claims, "upn"),',
            ),
            (
                'preferred_username=clean_address(_text(claims, "preferred_username")),',
                'preferred_username=_text(claims, "preferred_username"),',
            ),
        )
    ),
    Protection(
        "entra/id_token.py",
        'email = clean_address(_text(claims, "email"))',
        'email = _text(claims, "email")',
        "tests/login/users/test_profile.py::"
        "test_an_address_with_an_invisible_letter_is_the_one_that_people_read",
    ),
    Protection(
        "entra/id_token.py",
        'claims.get("xms_edov") in (True, "1", "true")',
        'bool(claims.get("xms_edov"))',
        f"{_ADMINISTRATOR}an_address_that_nobody_vouched_for",
    ),
    # --- Keys and discovery
    *(
        Protection("entra/jwks.py", line, instead, f"{_MICROSOFT}a_published_key_that_is_none")
        for line, instead in (
            ('        and key.get("kty") == "RSA"', ""),
            ('        and key.get("use", "sig") == "sig"', ""),
            ("_public_key(key).key_size >= _MIN_KEY_BITS", "_public_key(key).key_size >= 0"),
            ('        and isinstance(key.get("issuer"), str | None)', ""),
            ('        and isinstance(key.get("cloud_instance_name"), str | None)', ""),
        )
    ),
    *(
        Protection("entra/jwks.py", line, instead, f"tests/entra/test_metadata.py::test_{test}")
        for line, instead, test in (
            (
                '            if key["seen_at"] == self.fetched_at or '
                'now - key["seen_at"] < UNSEEN_KEY_TTL',
                "            if True",
                "keys_that_the_last_good_answer_did_not_name_go_also_while_microsoft_is_down",
            ),
            (
                '            if self.fetched_at - key["seen_at"] < UNSEEN_KEY_TTL:',
                "            if True:",
                "a_key_that_microsoft_withdrew_stays_gone_once_it_went",
            ),
            (
                "dict(newest[:MAX_KEYS])",
                "dict(newest)",
                "a_number_of_keys_that_is_not_microsofts_is_cut_to_the_newest",
            ),
        )
    ),
    Protection(
        "entra/id_token.py",
        *_never(
            "    if key.cloud_instance_name and "
            "key.cloud_instance_name != authority.cloud.instance_name:"
        ),
        f"{_MICROSOFT}a_key_of_another_cloud",
    ),
    Protection(
        "entra/discovery.py",
        *_never("    if tenant_ids or not tenant_id:"),
        f"{_MICROSOFT}a_discovery_document_that_names_no_one_directory",
    ),
    Protection(
        "entra/discovery.py",
        *_never("        if instance != asked.instance_name:"),
        f"{_MICROSOFT}a_discovery_document_of_another_cloud",
    ),
    Protection(
        "entra/discovery.py",
        *_never("        if any(host.endswith(suffix) for host in hosts):"),
        f"{_MICROSOFT}a_discovery_document_of_another_cloud",
    ),
    Protection(
        "entra/metadata.py",
        '            if not self._may_fetch(url, "unknown", UNKNOWN_KID_REFETCH_INTERVAL):',
        "            if False:",
        f"{_MICROSOFT}a_flood_of_unknown_key_ids",
    ),
    Protection(
        "entra/metadata.py",
        "        if own is None or not own.shares_a_key_with(known):",
        "        if True:",
        f"{_MICROSOFT}a_flood_of_unknown_key_ids",
    ),
    Protection(
        "entra/metadata.py",
        "        self._recent[url, key_id] = key, until",
        '        self._recent["", key_id] = key, until',
        "tests/entra/test_app_keys.py::test_another_apps_own_key_is_unknown",
        also=("get((address, key_id)", 'get(("", key_id)'),
    ),
    Protection(
        "entra/metadata.py",
        "published if drop_unpublished else published.added_to(self._load(url))",
        "published.added_to(self._load(url))",
        "tests/entra/test_metadata.py::"
        "test_in_an_emergency_what_is_not_published_is_dropped_at_once",
    ),
    Protection(
        "entra/metadata.py",
        "        if key is not None and until - LOCAL_CACHE_TTL <= self._clock() < until:",
        "        if key is not None:",
        "tests/entra/test_metadata.py::"
        "test_a_process_remembers_the_keys_that_it_found_for_half_a_minute",
    ),
    # --- Graph
    Protection(
        "entra/graph.py",
        ' or not link.startswith(f"{self._base}/")',
        "",
        f"{_MICROSOFT}a_next_page_elsewhere",
    ),
    Protection(
        "entra/graph.py",
        "            if url in seen or len(seen) >= MAX_PAGES:",
        "            if len(seen) >= MAX_PAGES:",
        "tests/attacks/test_hostile_microsoft.py::test_a_circle_of_pages",
    ),
    Protection(
        "entra/graph.py",
        "if url in seen or len(seen) >= MAX_PAGES:",
        "if url in seen:",
        f"{_MICROSOFT}a_list_without_end",
    ),
    Protection(
        "entra/graph.py",
        "    if not isinstance(value, str) or not _GUID.fullmatch(value):",
        "    if False:",
        f"{_ADMINISTRATOR}groups_that_cannot_be_read_admit_nobody",
    ),
    # --- The way out
    Protection(
        "entra/transport.py",
        "                    redirect=False,",
        "                    redirect=True,",
        "tests/entra/test_transport.py::test_no_redirect_is_followed",
        also=("    redirect=0,", "    redirect=9,"),
    ),
    Protection(
        "entra/transport.py",
        "        if len(content) > MAX_RESPONSE_BYTES:",
        "        if False:",
        "tests/entra/test_transport.py::test_a_larger_answer_is_refused",
    ),
    Protection(
        "entra/transport.py",
        ' or encoding != "identity"',
        "",
        "tests/entra/test_transport.py::test_a_compressed_answer_is_refused_and_never_unpacked",
    ),
    Protection(
        "entra/transport.py",
        "    read=False,",
        "    read=1,",
        "tests/entra/test_transport.py::test_a_request_is_sent_once_whatever_becomes_of_it",
    ),
    Protection(
        "entra/transport.py",
        "except (HTTPError, OSError, ValueError) as error:",
        "except (HTTPError, OSError) as error:",
        "tests/entra/test_transport.py::test_what_can_be_no_host_is_unreachable_and_named",
    ),
    Protection(
        "entra/pools.py",
        "create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)",
        "create_urllib3_context(cert_reqs=ssl.CERT_NONE)",
        "tests/entra/test_transport.py::test_a_certificate_that_nobody_vouches_for_is_refused",
    ),
    Protection(
        "entra/pools.py",
        *_never('        if proxy.lower().startswith("https:"):'),
        "tests/entra/test_transport.py::"
        "test_a_proxy_that_speaks_tls_is_trusted_by_the_same_authorities",
    ),
    Protection(
        "entra/pools.py",
        "(found.st_ino, found.st_mtime_ns, found.st_size)",
        "(0, 0, 0)",
        "tests/entra/test_transport.py::test_authorities_that_are_renewed_count_at_once",
    ),
    Protection(
        "entra/deadline.py",
        "time.monotonic() - self._used_at < KEPT_FOR and ",
        "",
        "tests/entra/test_transport.py::test_a_connection_that_was_idle_for_long_is_not_used_again",
    ),
    # --- The token endpoint
    Protection(
        "entra/tokens.py",
        '        "code_challenge": request.code_challenge,\n',
        "",
        f"{_BROWSER}code_injection",
    ),
    Protection(
        "entra/tokens.py",
        " or not (value.isascii() and value.isprintable())",
        "",
        f"{_MICROSOFT}an_access_token_that_is_more_than_one_line",
    ),
    Protection(
        "entra/tokens.py",
        "    if answer.status != 200:",
        "    if False:",
        "tests/login/flows/test_callback.py::test_each_error_of_the_token_endpoint_has_its_page",
    ),
    # --- Microsoft's answers
    Protection(
        "entra/errors.py",
        "    if known is not None:\n        return _BY_ERROR_CLASS",
        "    if False:\n        return _BY_ERROR_CLASS",
        "tests/login/log/test_failures.py::test_only_what_is_about_the_secret_refuses_it",
    ),
    Protection(
        "entra/errors.py",
        "        if not isinstance(built, SecretRejected):",
        "        if True:",
        f"{_BROWSER}a_forged_rejection_of_the_secret",
    ),
    # --- The issuer that a callback names (RFC 9207)
    Protection(
        "entra/cloud.py",
        "        if named != authority.issuer(guid):",
        "        if False:",
        f"{_BROWSER}mix_up_with_another_server",
    ),
    Protection(
        "login/flows/identity.py",
        "            check_named_issuers(connection, exchange.issuers)\n",
        "",
        f"{_BROWSER}mix_up_with_another_server",
    ),
    Protection(
        "login/flows/identity.py",
        "        check_named_issuers(exchange.connection, exchange.issuers)\n",
        "",
        f"{_BROWSER}mix_up_with_another_server",
    ),
    Protection(
        "entra/id_token.py",
        "    check_issuers(policy.authority, policy.named_issuers, tenant_id=tenant_id)\n",
        "",
        f"{_BROWSER}mix_up_of_directories_on_the_common_endpoint",
    ),
    Protection(
        "login/flows/consent.py",
        "        check_named_issuers(connection, named_issuers(request))",
        "        pass",
        f"{_BROWSER}mix_up_of_the_consent_page",
    ),
    # --- A sign-in under way
    Protection(
        "login/state/transaction.py",
        "        return conf.cache.add(key, 1, TRANSACTION_LIFETIME + 60)",
        "        return bool(key)",
        f"{_BROWSER}a_replayed_cookie",
    ),
    Protection(
        "login/state/transaction.py",
        "        return time.time() > self.created_at + TRANSACTION_LIFETIME",
        "        return False",
        f"{_BROWSER}a_sign_in_left_open",
    ),
    Protection(
        "login/state/transaction.py",
        "    return sealing.seal(_SEAL, content, name=transaction.state)",
        "    return sealing.seal(_SEAL, content)",
        f"{_BROWSER}a_cookie_moved_to_another_connection",
        also=(
            "    match sealing.unseal(_SEAL, value, name=state):",
            "    match sealing.unseal(_SEAL, value):",
        ),
    ),
    Protection(
        "login/state/transaction.py",
        '    return f"__Host-{COOKIE_MARK}" if secure else COOKIE_MARK',
        "    return COOKIE_MARK",
        f"{_BROWSER}a_planted_cookie",
    ),
    Protection(
        "login/state/withheld.py",
        '        name, _equals, value = pair.strip(" \\t").partition("=")',
        '        name, _equals, value = pair.encode("latin-1").decode().strip().partition("=")',
        f"{_BROWSER}a_planted_cookie",
    ),
    Protection(
        "login/state/transaction.py",
        "    return newest_first[_MAX_COOKIES - 1 :]",
        "    return newest_first[100:]",
        f"{_BROWSER}a_hundred_sign_ins_begun",
    ),
    Protection(
        "login/state/transaction.py",
        'return self._derive("nonce")',
        'return "always-the-same"',
        f"{_MICROSOFT}a_reused_id_token",
    ),
    Protection(
        "login/state/sealing.py",
        '    info = f"azuread_connections.{purpose}".encode()',
        '    info = b"azuread_connections"',
        f"{_BROWSER}a_cookie_sealed_for_another_purpose",
    ),
    Protection(
        "login/state/transaction.py",
        "endpoint_fingerprint(connection, tenant, redirect_uri) == self.fingerprint:",
        "True:",
        f"{_BROWSER}a_connection_edited_meanwhile",
    ),
    Protection(
        "login/flows/identity.py",
        "    if not 0 < len(exchange.code) <= MAX_CODE_LENGTH:",
        "    if False:",
        f"{_BROWSER}a_code_that_is_none",
    ),
    Protection(
        "login/flows/sign_in.py",
        *_never("    if request.user.is_authenticated and request.user.pk != resolved.user.pk:"),
        f"{_BROWSER}a_victim_who_is_signed_in_as_somebody_else",
    ),
    Protection(
        "login/flows/identity.py",
        "    if connection.tenant_id:\n        return",
        "    if True:\n        return",
        "tests/login/flows/test_budget.py::test_an_unpinned_callback_costs_one_more_once",
    ),
    Protection(
        "login/lookup/enabled.py",
        '.filter(application=Parameter("application"), connection=Parameter("connection"))',
        '.filter(connection=Parameter("connection"))',
        f"{_ADMINISTRATOR}an_application_that_the_connection_is_not_for",
    ),
    Protection(
        "login/lookup/enabled.py",
        "        application__slug=_slug(), connection__name_key=",
        "        connection__name_key=",
        f"{_ADMINISTRATOR}an_application_that_the_connection_is_not_for",
    ),
    # --- Pages
    Protection(
        "login/web/views.py",
        "    # Not HEAD: a link preview must not spend the code.\n"
        '    http_method_names = ["get", "options"]\n',
        '    http_method_names = ["get", "head", "post", "put", "options"]\n'
        "    post = put = lambda self, request: self.get(request)\n",
        f"{_BROWSER}a_callback_that_is_no_get",
    ),
    Protection(
        "login/web/error_page.py",
        '    response["Referrer-Policy"] = "no-referrer"\n',
        "",
        f"{_BROWSER}a_code_in_the_referer",
    ),
    Protection(
        "login/web/views.py",
        '        response.headers.setdefault("Referrer-Policy", "strict-origin")\n',
        "",
        f"{_BROWSER}a_code_in_the_referer_of_another_page",
    ),
    Protection(
        "login/lookup/addresses.py",
        "match and NAMESPACE in match.app_names",
        "match and NAMESPACE in match.namespaces",
        "tests/login/lookup/test_addresses.py::"
        "test_a_sign_in_is_known_under_every_name_that_a_site_includes_it_by",
    ),
    Protection(
        "login/web/session_views.py",
        '    http_method_names = ["post", "options"]\n',
        '    http_method_names = ["get", "post", "options"]\n'
        "    get = lambda self, request: self.post(request)\n",
        f"{_BROWSER}signing_out_by_another_site",
    ),
    # --- Directories
    *(
        Protection("login/users/directories.py", *_never(line), f"{_ADMINISTRATOR}{test}")
        for line, test in (
            (
                "    if status == Directory.Status.REFUSED:",
                "a_directory_that_nobody_has_let_in",
            ),
            (
                "    if status == Directory.Status.WAITING:",
                "a_directory_that_nobody_has_let_in",
            ),
            ("    if claims.tenant_id == PERSONAL_TENANT_ID:", "a_personal_account"),
            (
                "    if _is_pinned_elsewhere(connection, claims.tenant_id):",
                "a_directory_of_another_connection",
            ),
            (
                "    if connection.new_directories == Connection.NewDirectories.LISTED:",
                "a_directory_that_nobody_has_let_in",
            ),
        )
    ),
    *(
        Protection("login/users/directories.py", *_never(line), f"{_ADMINISTRATOR}{test}")
        for line, test in (
            (
                "    if came_by_itself and known.is_pinned_elsewhere and not directory.is_own:",
                "a_directory_that_came_before_its_own_connection",
            ),
        )
    ),
    Protection(
        "login/users/directories.py",
        "        if former:\n",
        "        if False:\n",
        "tests/login/users/test_directories.py::"
        "test_when_the_trust_moves_people_and_sessions_of_the_former_directory_end",
    ),
    Protection(
        "login/users/directories.py",
        "    Revocation.of_directory(connection, tenant_id)\n",
        "",
        "tests/login/users/test_directories.py::test_a_session_does_not_come_back_with_the_trust",
    ),
    Protection(
        "login/users/directories.py",
        "(connection=connection, identity__tenant_id=tenant_id).end()\n",
        "(connection=connection, identity__tenant_id=tenant_id)\n",
        "tests/login/users/test_directories.py::"
        "test_when_the_trust_moves_people_and_sessions_of_the_former_directory_end",
    ),
    Protection(
        "login/users/directories.py",
        "            _hold(directory.connection, directory)\n",
        "            pass\n",
        "tests/login/users/test_directories.py::"
        "test_pinning_a_directory_holds_it_where_it_came_in_by_itself",
    ),
    Protection(
        "login/users/directories.py",
        "        _refuse_personal_accounts(claims)\n        return None\n",
        "        return None\n",
        "tests/login/users/test_directories.py::"
        "test_a_connection_that_was_pinned_to_them_before_lets_none_in",
    ),
    Protection(
        "login/users/directories.py",
        "others.filter(cloud__in=clouds, tenant_id=tenant_id)",
        "others.filter(cloud=connection.cloud, tenant_id=tenant_id)",
        f"{_ADMINISTRATOR}the_twin_of_a_cloud",
    ),
    Protection(
        "models/directory.py",
        "            same_login_host |= Q(cloud__in=clouds, cloud_of_row__in=clouds)\n",
        "            pass\n",
        "tests/login/users/test_directories.py::test_pins_go_by_login_host",
    ),
    Protection(
        "models/directory.py",
        "            & ~pinned_by_another()\n",
        "",
        f"{_ADMINISTRATOR}a_directory_that_came_before_its_own_connection",
    ),
    Protection(
        "models/directory.py",
        "                connection__new_directories=Connection.NewDirectories.ACCEPT,\n",
        "",
        f"{_ADMINISTRATOR}a_directory_that_came_under_another_policy",
    ),
    Protection(
        "models/directory.py",
        "        Connection.NewDirectories.HOLD.value: Directory.Status.WAITING,\n",
        "        Connection.NewDirectories.HOLD.value: Directory.Status.ALLOWED,\n",
        f"{_ADMINISTRATOR}a_directory_that_nobody_has_let_in",
    ),
    Protection(
        "models/directory.py",
        "        _keep_refused(self)\n",
        "",
        f"{_COLLEAGUE}a_refused_directorys_row",
    ),
    Protection(
        "models/directory.py",
        "        _keep_refused(type(self)._default_manager.filter(pk=self.pk))\n",
        "",
        f"{_COLLEAGUE}a_refused_directorys_row",
    ),
    Protection(
        "models/connection.py",
        "        if self.tenant_id == PERSONAL_TENANT_ID:\n            raise no_own",
        "        if False:\n            raise no_own",
        f"{_COLLEAGUE}a_connection_of_personal_accounts",
    ),
    Protection(
        "models/connection.py",
        "        if self.tenant_id == PERSONAL_TENANT_ID:\n            raise ValidationError(",
        "        if False:\n            raise ValidationError(",
        "tests/login/users/test_directories.py::test_no_connection_is_pinned_to_personal_accounts",
    ),
    Protection(
        "models/connection.py",
        "        if tenant_id == PERSONAL_TENANT_ID:\n",
        "        if False:\n",
        f"{_COLLEAGUE}a_connection_of_personal_accounts",
    ),
    Protection(
        "microsoft/client.py",
        "    if found == PERSONAL_TENANT_ID:\n",
        "    if False:\n",
        "tests/login/users/test_directories.py::test_a_callback_pins_no_personal_accounts",
    ),
    # --- Rights that mappings gave
    *(
        Protection(file, line, "", f"tests/models/test_grant.py::test_{test}")
        for file, line, test in (
            (
                "models/identity.py",
                "            GroupGrant.objects.using(self.db)"
                ".filter(identity__in=self.order_by()).end()\n",
                "what_a_mapping_gave_ends_with_the_tie",
            ),
            (
                "models/connection.py",
                "            self.group_grants.using(alias).end()\n",
                "what_a_mapping_gave_ends_with_the_tie",
            ),
        )
    ),
    Protection(
        "models/identity.py",
        "            if stored.exclude(user=self.user_id).exists():\n",
        "            if False:\n",
        f"{_TIE}rights_outlive_no_tie",
    ),
    Protection(
        "models/identity.py",
        "filter(identity=self.pk).end()\n            return super()",
        "filter(identity=self.pk)\n            return super()",
        f"{_TIE}rights_outlive_no_tie",
    ),
    Protection(
        "models/grant.py",
        '        losing = users - set(others.values_list("identity__user", flat=True))\n',
        "        losing = users\n",
        "tests/models/test_grant.py::test_a_group_that_another_tie_earns_stays_until_that_ends_too",
    ),
    Protection(
        "models/group.py",
        "filter(~Exists(mapped), connection=connection).end()\n",
        "filter(~Exists(mapped), connection=connection)\n",
        "tests/models/test_grant.py::test_what_a_mapping_gave_ends_with_the_tie",
    ),
    Protection(
        "login/users/resolution.py",
        "router.db_for_write(Identity),\n        cloud=verified.connection.identity_cloud,\n",
        "router.db_for_write(Identity),\n        cloud=verified.connection.cloud,\n",
        "tests/login/users/test_resolution.py::test_us_government_and_dod_know_the_same_people",
    ),
    # --- Linking
    Protection(
        "login/users/linking.py",
        "    if not connection.link_by_email or domain not in trust.domains:",
        "    if domain not in trust.domains:",
        "tests/login/users/test_linking.py::test_linking_is_off_unless_switched_on",
    ),
    Protection(
        "login/users/linking.py",
        "    if not connection.link_by_email or domain not in trust.domains:",
        "    if not connection.link_by_email or not domain:",
        f"{_ADMINISTRATOR}addresses_that_link_to_nobody",
    ),
    Protection(
        "login/users/linking.py",
        *_never("    if domain not in trust.confirmed:"),
        f"{_ADMINISTRATOR}a_former_directory_takes_an_account_by_email",
    ),
    *(
        Protection(
            "login/users/linking.py", *_never(line), f"{_ADMINISTRATOR}users_whom_nobody_takes_over"
        )
        for line in (
            "    if len(found) > 1:",
            "    if not user.is_active:",
            '    if getattr(user, "is_staff", False) or getattr(user, "is_superuser", False):',
            "    if held_permissions(user):",
            "    if user.azuread_identities.exists():",
        )
    ),
    Protection(
        "login/users/linking.py",
        "    user.set_unusable_password()",
        "    user.get_username()",
        f"{_ADMINISTRATOR}a_password_set_before_the_link",
    ),
    # --- People
    Protection(
        "login/users/resolution.py",
        "    if verified.claims.is_guest and not verified.connection.allow_guests:",
        "    if False:",
        f"{_ADMINISTRATOR}a_guest_who_looks_like_a_member",
    ),
    *(
        Protection("login/users/resolution.py", *_never(line), f"{_ADMINISTRATOR}who_is_not_let_in")
        for line in (
            "    if not user.is_active:",
            "    if not connection.create_users:",
        )
    ),
    Protection(
        "login/users/resolution.py",
        '        cloud=Parameter("cloud"),\n',
        "",
        f"{_ADMINISTRATOR}the_same_ids_in_another_cloud",
    ),
    Protection(
        "login/users/resolution.py",
        '        tenant_id=Parameter("tenant_id"),\n',
        "",
        f"{_ADMINISTRATOR}the_same_object_id_in_another_directory",
    ),
    Protection(
        "login/users/resolution.py",
        '        object_id=Parameter("object_id"),\n',
        "",
        f"{_ADMINISTRATOR}a_recycled_upn",
    ),
    Protection(
        "login/users/usernames.py",
        "    if own and _is_accepted(own, field):",
        "    if own:",
        "tests/login/users/test_usernames.py::"
        "test_a_username_that_the_user_model_refuses_is_made_of_the_ids",
    ),
    Protection(
        "login/users/usernames.py",
        *_never("    if get_user_model().normalize_username(name) != name:"),
        "tests/login/users/test_usernames.py::test_a_name_that_no_form_would_keep_is_not_used",
    ),
    Protection(
        "login/users/profile.py",
        "        if attribute in _MAY_BE_CUT and not column.unique:",
        "        if True:",
        f"{_ADMINISTRATOR}an_address_that_is_another_one_when_cut",
    ),
    Protection(
        "login/users/profile.py",
        "    except ValidationError:\n        return None",
        "    except ValidationError:\n        return value",
        "tests/login/users/test_profile.py::test_a_value_that_the_field_refuses_is_not_written",
    ),
    Protection(
        "transfer/auth0.py",
        "        secret=None if is_masked else secret,",
        "        secret=secret,",
        "tests/transfer/test_auth0.py::test_no_placeholder_is_stored_in_any_spelling",
    ),
    Protection(
        "transfer/pages.py",
        *_never('    if _count(page, "total") > len(entries):'),
        "tests/transfer/test_auth0.py::test_one_page_of_several_is_refused",
    ),
    Protection(
        "transfer/pages.py",
        *_never('    if page.get("next") or _count(page, "start"):'),
        "tests/transfer/test_auth0.py::test_one_page_of_several_is_refused",
    ),
    Protection(
        "transfer/plan.py",
        "        if len(candidates) == 1:",
        "        if candidates:",
        "tests/transfer/test_auth0.py::"
        "test_a_name_that_could_be_another_application_is_not_guessed",
    ),
    Protection(
        "credentials/verification.py",
        "    return free[0] if len(free) == len(alike) == 1 else None",
        "    return free[0] if len(free) == 1 else None",
        "tests/credentials/test_verification.py::test_sync_gives_two_stored_secrets_that_begin_alike_no_date",
    ),
    Protection(
        "login/users/usernames.py",
        "        if not _is_taken(own):",
        "        if True:",
        f"{_ADMINISTRATOR}a_name_that_somebody_has",
    ),
    Protection(
        "login/users/usernames.py",
        '{f"{user_model.USERNAME_FIELD}__iexact": username}',
        "{user_model.USERNAME_FIELD: username}",
        f"{_ADMINISTRATOR}a_name_that_somebody_has",
    ),
    # --- Domains
    Protection(
        "login/users/trust.py",
        " and not claims.is_guest",
        "",
        f"{_ADMINISTRATOR}a_guest_with_a_members_name",
    ),
    Protection(
        "login/users/trust.py",
        "claims.tenant_id == connection.tenant_id and ",
        "",
        f"{_ADMINISTRATOR}squatting_from_a_foreign_directory",
    ),
    Protection(
        "login/users/trust.py",
        "if alias.is_verified_for(connection.tenant_id) and not alias.is_disputed",
        "if not alias.is_disputed",
        f"{_ADMINISTRATOR}an_alias_that_is_not_proven",
    ),
    Protection(
        "login/users/trust.py",
        " and not alias.is_disputed",
        "",
        f"{_ADMINISTRATOR}the_domain_at_a_second_connection",
    ),
    Protection(
        "login/users/trust.py",
        " and domain.lower() in self.domains",
        "",
        f"{_ADMINISTRATOR}noauth",
    ),
    Protection(
        "login/users/trust.py",
        *_never("    if not answer.is_conclusive:"),
        f"{_ADMINISTRATOR}a_former_directory_while_microsoft_cannot_be_asked",
    ),
    Protection(
        "login/users/trust.py",
        "    if proven.trusted().exists():",
        "    if _trusted(connection, list(proven.with_disputes())):",
        "tests/login/users/test_trust.py::"
        "test_a_connection_that_trusts_another_directory_by_then_links_nobody",
    ),
    Protection(
        "login/users/trust.py",
        " and _is_fresh(known.checked_at, now)",
        "",
        f"{_ADMINISTRATOR}a_former_directory_gives_names",
    ),
    Protection(
        "login/lookup/enabled.py",
        'domain=OuterRef("connection__domain")).trusted()',
        'domain=OuterRef("connection__domain"))',
        "tests/login/users/test_trust.py::"
        "test_a_domain_that_another_directorys_connection_has_verified_is_not_relied_on",
    ),
    Protection(
        "domains.py",
        "    _withdraw_others(answer)",
        "    pass",
        f"{_ADMINISTRATOR}a_former_directory_takes_an_account_by_email",
    ),
    Protection(
        "domains.py",
        "    if not answer.is_conclusive:\n        return\n    if",
        "    if",
        "tests/test_domains.py::test_only_where_microsoft_cannot_be_asked_the_proof_stays",
    ),
    Protection(
        "models/alias.py",
        'found_tenant_id=F("connection__tenant_id"))',
        ")",
        "tests/test_domains.py::test_a_proof_is_for_one_directory_only",
    ),
    Protection(
        "login/users/profile.py",
        'found["email" if verified else "unverified_email"]',
        'found["email"]',
        f"{_ADMINISTRATOR}noauth",
    ),
    Protection(
        "login/users/profile.py",
        ' and claim == "email"',
        "",
        f"{_ADMINISTRATOR}an_address_that_nobody_vouched_for",
    ),
    # --- Groups
    Protection(
        "login/users/groups.py",
        "    if groups is None:\n        raise SignInFailed(",
        "    if groups is None:\n        return\n        raise SignInFailed(",
        f"{_ADMINISTRATOR}groups_that_cannot_be_read_admit_nobody",
    ),
    Protection(
        "login/users/groups.py",
        "    if admitting.isdisjoint(group.id for group in groups):",
        "    if False:",
        f"{_ADMINISTRATOR}who_is_not_let_in",
    ),
    Protection(
        "login/users/groups.py",
        '    if groups is None or not hasattr(user, "groups"):\n        return',
        '    groups = groups or ()\n    if not hasattr(user, "groups"):\n        return',
        "tests/login/users/test_groups.py::test_an_incomplete_list_changes_nobodys_rights",
    ),
    Protection(
        "login/users/groups.py",
        "    if surplus := held - earned:",
        "    if surplus := set():",
        "tests/login/users/test_groups.py::test_a_mapping_adds_and_removes_only_what_it_manages",
    ),
    # --- Signing out
    Protection(
        "login/lookup/frontchannel.py",
        "        hmac.compare_digest(_token(connection, key).encode(), given) for key",
        "        bool(given) for key",
        f"{_BROWSER}front_channel_logout_with_a_guessed_token",
    ),
    Protection(
        "login/flows/logout.py",
        *_never("    if not _GUID.fullmatch(session_id):"),
        "tests/login/lookup/test_frontchannel.py::test_a_made_up_session_is_noted_nowhere",
    ),
    Protection(
        "login/flows/logout.py",
        '    _count(connection, f"{connection.pk}", _SIGN_OUTS_PER_MINUTE)\n',
        "",
        "tests/login/lookup/test_frontchannel.py::test_a_flood_of_made_up_sessions_is_cut_off",
    ),
    Protection(
        "login/flows/logout.py",
        '    _count(connection, f"{connection.pk}:{_client(request)}", _SIGN_OUTS_PER_CLIENT)\n',
        "",
        "tests/login/lookup/test_frontchannel.py::test_one_clients_flood_keeps_nobody_elses_session_open",
    ),
    # --- Addresses
    Protection(
        "login/lookup/addresses.py",
        "    if not value or not value.isprintable():",
        "    if not value:",
        f"{_BROWSER}open_redirect_after_signing_out",
    ),
    Protection(
        "login/lookup/addresses.py",
        "    if not url_has_allowed_host_and_scheme(value, hosts, "
        "require_https=request.is_secure()):",
        "    if not hosts:",
        f"{_BROWSER}open_redirect_after_signing_out",
    ),
    Protection(
        "login/lookup/addresses.py",
        '._replace(scheme="", netloc="").geturl()',
        ".geturl()",
        "tests/login/lookup/test_addresses.py::test_only_a_path_of_this_site_is_a_destination",
    ),
    Protection(
        "login/lookup/addresses.py",
        'path.startswith("/") and not path.startswith(("//", "/\\\\"))',
        "path",
        f"{_BROWSER}open_redirect_after_signing_out",
    ),
    Protection(
        "login/lookup/addresses.py",
        "    if is_listed(value, allowed_urls):",
        "    if value.startswith(tuple(allowed_urls) or ('-',)):",
        f"{_BROWSER}open_redirect_after_signing_out",
    ),
    Protection(
        "login/lookup/addresses.py",
        "    if not destination or len(destination) > MAX_DESTINATION_LENGTH:",
        "    if not destination:",
        "tests/login/lookup/test_addresses.py::test_only_a_path_of_this_site_is_a_destination",
    ),
    Protection(
        "models/destinations.py",
        "    return scheme in WEB_SCHEMES or is_app_scheme(scheme)",
        "    return True",
        f"{_BROWSER}a_listed_address_that_runs_a_script",
    ),
    Protection(
        "models/destinations.py",
        "    if not isinstance(allowed_urls, list | tuple) or url not in allowed_urls:",
        "    if not allowed_urls or url not in allowed_urls:",
        "tests/login/lookup/test_native_schemes.py::test_a_list_that_is_not_one_allows_nothing",
    ),
    Protection(
        "login/lookup/addresses.py",
        "    return conf.public_url\n\n\ndef requested_destination",
        '    return f"{request.scheme}://{host}"\n\n\ndef requested_destination',
        f"{_BROWSER}a_forged_host_where_any_is_allowed",
    ),
    Protection(
        "login/flows/resumption.py",
        "        return sealing.unseal(_SEAL, sealed, name=name) "
        "if len(state) <= _MAX_STATE_LENGTH else None",
        "        return sealing.unseal('transaction', sealed, name=name)",
        f"{_BROWSER}a_forged_resumption",
        also=(
            "sealing.seal(_SEAL, content, name=begun.state)",
            "sealing.seal('transaction', content, name=begun.state)",
        ),
    ),
    Protection(
        "login/flows/resumption.py",
        "    return Resumption(target, addresses.safe_destination(request, destination, allowed))",
        "    return Resumption(target, destination)",
        f"{_BROWSER}a_resumption_that_leads_to_a_withdrawn_address",
    ),
    Protection(
        "login/web/prefetch.py",
        '    if not (is_prefetch or request.method == "HEAD" or _is_program(request)):',
        "    if True:",
        f"{_BROWSER}sign_ins_begun_ahead_of_the_victim",
    ),
    Protection(
        "login/web/error_page.py",
        "    return addresses.safe_destination(request, "
        "resumption.destination if resumption else None)",
        "    return resumption.destination if resumption else addresses.default_destination()",
        "tests/login/flows/test_resumption.py::"
        "test_an_allowed_address_of_another_site_is_no_place_to_go_on_at_once",
    ),
    Protection(
        "login/flows/redirects.py",
        "    target = DestinationRedirect(url).url",
        "    target = url",
        "tests/login/flows/test_redirects.py::test_no_page_leads_to_a_script",
    ),
    # --- Sign-outs are remembered as long as a sign-in counts
    Protection(
        "login/state/session.py",
        *_never("    if time.time() - sign_in.at > conf.max_sign_in_days * _SECONDS_A_DAY:"),
        "tests/models/test_revocation.py::test_a_session_of_ten_years_stays_signed_out",
    ),
    # --- Consumer domains
    Protection(
        "models/connection.py",
        "            refuse_consumer_domain(self.domain)",
        "            pass",
        "tests/models/test_consumer_domains.py::test_as_a_connections_own",
    ),
    Protection(
        "models/alias.py",
        "            refuse_consumer_domain(self.domain)",
        "            pass",
        "tests/models/test_consumer_domains.py::test_as_an_alias",
    ),
    Protection(
        "login/lookup/realm.py",
        " if name not in CONSUMER_DOMAINS",
        "",
        "tests/models/test_consumer_domains.py::"
        "test_discovery_passes_over_one_that_was_written_past_the_models",
    ),
    # --- Rights to some connections
    Protection(
        "admin/connection/page.py",
        'frontchannel_logout_url(request, connection) if may_change else ""',
        "frontchannel_logout_url(request, connection)",
        f"{_COLLEAGUE}reading_the_front_channel_url",
    ),
    Protection(
        "admin/directories.py",
        *_never("        if not self.may_change(connection):"),
        f"{_COLLEAGUE}a_directory_of_a_connection_that_is_not_theirs",
    ),
    Protection(
        "admin/rights.py",
        *_never(
            "    if connection is None or may_change_connection(admin_site, request, connection):"
        ),
        "tests/admin/test_rights.py::"
        "test_permissions_for_directories_and_people_end_at_rights_to_some_connections",
    ),
    Protection(
        "admin/rights.py",
        "    return may_change_connection(admin_site, request)\n\n\ndef visible",
        "    return False\n\n\ndef visible",
        f"{_COLLEAGUE}a_directory_of_a_connection_that_is_not_theirs",
    ),
    Protection(
        "admin/rights.py",
        *_never("    if shown.query.where:"),
        "tests/admin/test_rights.py::test_no_list_filter_or_search_names_it",
    ),
    Protection(
        "admin/rights.py",
        *_never("    if asks_about_each and page.has_view_permission(request):"),
        "tests/admin/test_rights.py::test_no_list_filter_or_search_names_it",
    ),
    Protection(
        "admin/rights.py",
        *_never("    if not may_see_connection(admin_site, request):"),
        "tests/admin/test_rights.py::test_who_may_see_no_connection_finds_none_in_a_filter",
    ),
    Protection(
        "admin/application.py",
        "application.connections.set(chosen | (enabled - visible))",
        "application.connections.set(chosen)",
        "tests/admin/test_rights.py::test_saving_an_application_leaves_it_enabled",
    ),
    # --- What another version has stored, or a browser made up
    Protection(
        "login/state/access.py",
        "    if not session.is_proven(request):",
        "    if not session.sign_ins(request):",
        "tests/fuzzing/test_session_values.py::"
        "test_it_does_not_pass_for_a_session_begun_with_a_password",
    ),
    Protection(
        "login/state/session.py",
        "    return stored if isinstance(stored, list) else [None]",
        "    return stored if isinstance(stored, list) else []",
        "tests/fuzzing/test_session_values.py::test_a_sign_in_of_another_shape_is_over",
    ),
    Protection(
        "login/state/session.py",
        "    return sign_in if is_readable else None",
        "    return sign_in",
        "tests/fuzzing/test_session_values.py::test_a_sign_in_of_another_shape_is_over",
    ),
    Protection(
        "login/flows/consent.py",
        '    directory = tenant.lower() if is_guid(tenant) else ""',
        "    directory = tenant[:36].lower()",
        "tests/fuzzing/test_odd_parameters.py::test_any_tenant_at_the_return_from_the_consent_page",
    ),
    # --- Consent and Try
    Protection(
        "login/flows/consent.py",
        "    if time.time() > good_until:",
        "    if False:",
        f"{_BROWSER}a_forged_consent_link",
    ),
    Protection(
        "login/flows/consent.py",
        '    if "error" in answer:',
        "    if False:",
        f"{_BROWSER}a_forged_return_from_consent",
    ),
    Protection(
        "login/flows/consent.py",
        '    elif answer.get("admin_consent", "").lower() != "true":',
        "    elif False:",
        f"{_BROWSER}a_forged_return_from_consent",
    ),
    Protection(
        "login/flows/consent.py",
        "outcome.connection.directories.filter(tenant_id=outcome.directory).update(",
        "outcome.connection.directories.update(",
        f"{_BROWSER}a_forged_return_from_consent",
    ),
    Protection(
        "login/flows/accounts.py",
        *_never('        if str(request.user.pk or "") != transaction.subject:'),
        f"{_TIE}another_user_ends_it",
    ),
    Protection(
        "login/state/freshness.py",
        "< FRESH_FOR)",
        "< 1e12)",
        f"{_TIE}a_session_left_open",
    ),
    Protection(
        "login/flows/accounts.py",
        "Identity._default_manager.filter(user=user)",
        "Identity._default_manager.all()",
        f"{_TIE}untying_what_is_not_theirs",
    ),
    Protection(
        "login/flows/accounts.py",
        *_never("        if len(tied) == 1 and not _has_password(user):"),
        "tests/login/flows/test_accounts.py::test_the_only_way_to_sign_in_stays",
    ),
    Protection(
        "login/users/resolution.py",
        "    elif identity.user_id != user.pk:",
        "    elif False:",
        f"{_TIE}an_account_that_is_taken",
    ),
    Protection(
        "login/state/session.py",
        "        Exists(Identity._default_manager.filter(pk=sign_in.identity, user=user)),\n",
        "",
        "tests/login/flows/test_accounts.py::test_the_session_of_a_person_tied_to_another_user_ends",
    ),
    Protection(
        "login/flows/trial.py",
        "    if tenant is None:",
        "    if False:",
        "tests/login/flows/test_trial.py::test_a_connection_edited_meanwhile_is_told",
    ),
    Protection(
        "login/flows/trial.py",
        'each["connection"] == connection.pk',
        "True",
        f"{_COLLEAGUE}the_outcome_of_another_connections_trial",
    ),
    Protection(
        "login/flows/trial.py",
        ' if each["user"] == str(request.user.pk)',
        "",
        "tests/login/flows/test_trial.py::test_an_outcome_left_in_a_session_is_read_by_its_owner_only",
    ),
    Protection(
        "login/flows/trial.py",
        "    if begun is None:",
        "    if begun is None and (begun := {}) is None:",
        f"{_BROWSER}a_transaction_of_another_purpose",
    ),
    Protection(
        "login/flows/identity.py",
        "directories.check)",
        "directories.admit)",
        "tests/login/flows/test_trial.py::test_a_trial_adds_no_directory",
    ),
    Protection(
        "login/flows/callback.py",
        "FLOWS.get(transaction.purpose)",
        "FLOWS.get(transaction.purpose, sign_in.finish)",
        "tests/login/flows/test_callback.py::test_an_unknown_purpose_signs_nobody_in",
    ),
    # --- The site's own hooks
    Protection(
        "login/users/resolution.py",
        *_never("    if not hooks.verify_claims(claims):"),
        f"{_HOOKS}verify_claims_refuses",
    ),
    Protection(
        "login/users/resolution.py",
        *_never("    if updated is None or updated.pk != user.pk:"),
        f"{_HOOKS}update_user_exchanges_nobody",
    ),
    Protection(
        "login/users/creation.py",
        *_never("    if user is None or user.pk not in created:"),
        f"{_HOOKS}create_user_links_nobody",
    ),
    Protection(
        "login/users/creation.py",
        *_never("    if not user.is_active:"),
        f"{_HOOKS}a_new_user_who_is_deactivated_stays_out",
    ),
    # --- Sessions
    Protection(
        "middleware.py",
        "AnonymousUser() if user.is_authenticated and _ended(request) else user",
        "user",
        f"{_BROWSER}a_session_whose_ground_is_gone",
    ),
    Protection(
        "middleware.py",
        "            if found.is_authenticated and await sync_to_async(_ended)(request):",
        "            if False:",
        f"{_BROWSER}a_session_whose_ground_is_gone",
    ),
    Protection(
        "login/state/session.py",
        "Q(Exists(welcome), connection__use_common_endpoint=True)",
        "Q(connection__use_common_endpoint=True)",
        f"{_BROWSER}a_session_whose_ground_is_gone",
    ),
    Protection(
        "login/state/session.py",
        "directories.welcome().filter(",
        "directories.filter(status='allowed').filter(",
        f"{_ADMINISTRATOR}a_directory_that_came_under_another_policy",
    ),
    Protection(
        "login/state/session.py",
        "        ~Exists(revoked),\n",
        "",
        f"{_BROWSER}a_session_whose_ground_is_gone",
    ),
    # --- Settings for development
    Protection(
        "conf.py",
        "        if not self.standin_allowed:",
        "        if False:",
        f"{_COLLEAGUE}the_stand_ins_addresses_in_production",
    ),
    Protection(
        "conf.py",
        'if parts.scheme != "https" and not (parts.scheme == "http" '
        "and is_loopback(parts.hostname)):",
        "if False:",
        f"{_COLLEAGUE}the_stand_ins_addresses_in_production",
    ),
    # --- The admin
    Protection(
        "admin/rights.py",
        "    return any(user.has_perm(permission) for permission in any_of)",
        "    return bool(user.is_staff and any_of)",
        f"{_COLLEAGUE}what_takes_a_permission",
    ),
    Protection(
        "admin/rights.py",
        "    return set(user.get_all_permissions()) "
        'if hasattr(user, "get_all_permissions") else set()',
        "    return None",
        f"{_COLLEAGUE}mapping_a_group_to_rights",
    ),
    Protection(
        "admin/connection/actions.py",
        "    if not may(request, permission):\n",
        "    if False:\n",
        f"{_COLLEAGUE}what_takes_a_permission",
    ),
    Protection(
        "admin/connection/consent.py",
        "    if not may(request, CONSENT):\n",
        "    if False:\n",
        f"{_COLLEAGUE}what_takes_a_permission",
    ),
    Protection(
        "admin/connection/users.py",
        "    if not may(request, SEARCH_DIRECTORY):\n",
        "    if False:\n",
        f"{_COLLEAGUE}what_takes_a_permission",
    ),
    Protection(
        "admin/directories.py",
        "    if not may_decide(page.admin_site, request, connection):\n",
        "    if False:\n",
        f"{_COLLEAGUE}what_takes_a_permission",
    ),
    Protection(
        "admin/connection/page.py",
        '            "may_manage_secrets": may(request, MANAGE_SECRET),',
        '            "may_manage_secrets": True,',
        f"{_COLLEAGUE}secrets_without_their_permission",
    ),
    Protection(
        "admin/connection/secrets.py",
        "        return may(request, MANAGE_SECRET) and may(request, CHANGE_CONNECTION)",
        "        return may(request, CHANGE_CONNECTION)",
        f"{_COLLEAGUE}secrets_without_their_permission",
    ),
    Protection(
        "admin/connection/page.py",
        "        return may(request, EXPORT)",
        "        return True",
        f"{_COLLEAGUE}an_export_takes_its_permission",
        also=(
            "            if not self.has_view_permission(request, connection):",
            "            if False:",
        ),
    ),
    Protection(
        "admin/connection/groups.py",
        "        if self.may_give:",
        "        if True:",
        f"{_COLLEAGUE}mapping_a_group_to_rights",
    ),
    Protection(
        "admin/connection/groups.py",
        "        if beyond := sorted(given - held):",
        "        if beyond := []:",
        f"{_COLLEAGUE}mapping_a_group_to_rights",
    ),
    Protection(
        "admin/identity.py",
        '        if getattr(user, "is_staff", False) or getattr(user, "is_superuser", False):',
        "        if False:",
        f"{_COLLEAGUE}tying_to_somebody_powerful",
    ),
    Protection(
        "admin/identity.py",
        "        if beyond := sorted(held_permissions(user) - held_permissions(self.editor)):",
        "        if beyond := []:",
        f"{_COLLEAGUE}tying_to_somebody_powerful",
    ),
    Protection(
        "login/users/user_rights.py",
        "    asked.is_active = True",
        "    pass",
        f"{_COLLEAGUE}tying_to_somebody_powerful",
    ),
    # --- What may be typed
    Protection(
        "models/validators.py",
        "    if not _NAME.fullmatch(value):",
        "    if False:",
        f"{_COLLEAGUE}a_name_that_shadows_an_address",
    ),
    Protection(
        "models/validators.py",
        "    if value.lower() in RESERVED_NAMES:",
        "    if False:",
        f"{_COLLEAGUE}a_name_that_shadows_an_address",
    ),
    Protection(
        "models/validators.py",
        "    if value.lower() in RESERVED_NAMES",
        "    if value in RESERVED_NAMES",
        f"{_COLLEAGUE}a_name_that_shadows_an_address",
    ),
    Protection(
        "models/validators.py",
        "    return domain if _DOMAIN.fullmatch(domain) else None",
        "    return domain",
        f"{_COLLEAGUE}addresses_of_their_own",
    ),
    Protection(
        "models/validators.py",
        "    if domain in MICROSOFT_HOSTS or suggestion in MICROSOFT_HOSTS:",
        "    if False:",
        f"{_COLLEAGUE}addresses_of_their_own",
    ),
    Protection(
        "models/validators.py",
        '        URLValidator(schemes=["https"])(value)',
        "        URLValidator()(value)",
        f"{_COLLEAGUE}addresses_of_their_own",
    ),
    Protection(
        "models/validators.py",
        '    if "@" in urlsplit(value).netloc:',
        "    if False:",
        f"{_COLLEAGUE}addresses_of_their_own",
    ),
    Protection(
        "models/validators.py",
        "    if domain in CONSUMER_DOMAINS:",
        "    if False:",
        "tests/login/lookup/test_realm.py::test_domains_of_everybody_belong_to_no_company",
    ),
    Protection(
        "models/validators.py",
        *_never("    if client_id is None:"),
        f"{_COLLEAGUE}addresses_of_their_own",
        also=_never("    if not is_guid(value):"),
    ),
    # --- The log
    Protection(
        "login/log/limits.py",
        *_never("        if of_connection > self.per_connection:"),
        f"{_BROWSER}a_flood_of_junk",
    ),
    Protection(
        "login/log/limits.py",
        "        if connection is None:\n            return Place.OVERALL_COUNTER",
        "        if connection is None:\n            return Place.ROW",
        f"{_BROWSER}a_flood_of_junk",
    ),
    Protection(
        "login/log/limits.py",
        '        kind = "proven" if self.is_proven else "unproven"',
        '        kind = "unproven"',
        f"{_BROWSER}a_real_failure_in_a_flood",
        also=(
            '        key = f"{connection.pk}:{code}" if self.is_proven else f"{connection.pk}"',
            '        key = f"{connection.pk}"',
        ),
    ),
    Protection(
        "login/log/limits.py",
        "        return Place.ROW if self.has_room() else Place.OVERALL_COUNTER",
        "        return Place.ROW",
        f"{_EVENTS}all_connections_together_have_a_limit",
    ),
    Protection(
        "login/log/limits.py",
        '        key = f"{connection.pk}:{code}" if self.is_proven else f"{connection.pk}"',
        '        key = f"{connection.pk}"',
        f"{_EVENTS}a_secret_that_is_refused_takes_no_row_from_people_who_are",
    ),
    Protection(
        "login/log/limits.py",
        "            return Place.ROW if self.is_proven else Place.CONNECTION_COUNTER",
        "            return Place.ROW",
        f"{_EVENTS}without_a_cache_junk_is_counted_and_what_is_proven_keeps_its_row",
    ),
    Protection(
        "login/log/events.py",
        '    kind = ":proven" if limits.is_proven else ""',
        '    kind = ""',
        f"{_EVENTS}what_is_proven_is_never_counted_in_a_row_of_junk",
    ),
    Protection(
        "login/log/events.py",
        *_never("        if not limits.has_room():"),
        f"{_EVENTS}the_counters_of_many_connections_have_the_limit_too",
    ),
    Protection(
        "login/flows/exchange.py",
        "        exchange.redemption.is_proven = not isinstance(error, CodeNotAccepted)",
        "        exchange.redemption.is_proven = True",
        f"{_EVENTS}a_made_up_code_proves_nothing",
    ),
    Protection(
        "login/flows/identity.py",
        '        failed.is_unconfirmed = "error" in callback_parameters(request)',
        "        failed.is_unconfirmed = False",
        f"{_BROWSER}a_forged_error_of_microsofts",
    ),
    # --- Reports
    Protection(
        "login/web/error_page.py",
        "    response._has_been_logged = True",
        "    response._has_been_logged = False",
        f"{_BROWSER}a_flood_of_failures_that_mails_nobody",
    ),
    Protection(
        "login/flows/callback.py",
        "    return failed.failure.is_about_person",
        "    return True",
        f"{_BROWSER}failures_that_feed_a_lock_out_tool",
    ),
    Protection(
        "login/state/withheld.py",
        '    environ["QUERY_STRING"] = readable',
        '    environ["QUERY_STRING"] = sent',
        f"{_BROWSER}a_code_in_an_error_report",
    ),
    Protection(
        "login/state/withheld.py",
        '    environ["HTTP_COOKIE"], ours = _without_ours(header)',
        "    _others, ours = _without_ours(header)",
        f"{_BROWSER}a_code_in_an_error_report",
    ),
    Protection(
        "login/state/withheld.py",
        "            environ[key] = redacted_text(value, is_callback=True)",
        "            environ[key] = value",
        f"{_BROWSER}a_code_in_an_error_report",
    ),
    Protection(
        "login/state/withheld.py",
        "        headers = [(name, _redacted_header(name, value)) for name, value in headers]",
        "        headers = list(headers)",
        f"{_REPORTS}an_error_under_asgi_is_reported_without_anything_that_is_secret",
    ),
    Protection(
        "login/state/withheld.py",
        'scope.get("path", "").removeprefix(get_script_prefix(scope))',
        'scope.get("path", "").removeprefix(scope.get("root_path", ""))',
        f"{_REPORTS}a_forced_script_name_hides_no_callback_under_asgi",
    ),
    Protection(
        "login/web/request_started.py",
        "        has_changed = withhold_from_environ(environ)",
        "        has_changed = False",
        f"{_BROWSER}a_code_in_an_error_report",
    ),
    Protection(
        "login/web/request_started.py",
        "        scrub_this_request()",
        "        pass",
        "tests/packages/test_packages.py::test_beside_another_package",
    ),
    Protection(
        "login/web/entry.py",
        "login_not_required(without_frame_variables(view))",
        "login_not_required(view)",
        f"{_REPORTS}a_sites_own_step_that_fails_is_reported_without_its_variables",
    ),
    Protection(
        "entra/transport.py",
        "    @without_frame_variables",
        "    # nothing",
        "tests/entra/test_frames.py::test_no_frame_shows_what_was_sent",
    ),
    Protection(
        "entra/tokens.py",
        '            "code": Secret(grant.code),',
        '            "code": grant.code,',
        "tests/entra/test_frames.py::test_the_form_itself_shows_nothing",
    ),
    Protection(
        "cache.py",
        "        if _outage.is_due():",
        "        if True:",
        "tests/faults/test_cache.py::test_an_outage_is_logged_once_a_minute",
    ),
    Protection(
        "login/state/withheld.py",
        "    except TooManyFieldsSent:",
        "    except ZeroDivisionError:",
        "tests/login/web/test_error_page.py::test_a_callback_with_a_thousand_parameters_mails_nobody",
    ),
    Protection(
        "login/state/withheld.py",
        '    return "&".join(islice(readable, _MAX_READABLE))',
        '    return "&".join(readable)',
        "tests/login/web/test_error_page.py::test_a_callback_with_a_thousand_parameters_mails_nobody",
    ),
]
