"""Why a peer's conversation ended: one stable name a kind of fault."""

from __future__ import annotations

import enum


class Reason(enum.Enum):
    """What was wrong with what the peer sent, in more detail than its alert tells.

    Many faults share an alert (38 of them `illegal_parameter`); programs and tables that must tell
    them apart compare the reason, not the sentence beside it, which is for people.
    """

    # -- records
    UNKNOWN_RECORD_TYPE = "unknown_record_type"
    RECORD_VERSION = "record_version"
    RECORD_TOO_LONG = "record_too_long"
    RECORD_NOT_AUTHENTIC = "record_not_authentic"
    RECORD_NOT_PROTECTED = "record_not_protected"
    DECOMPRESSION_FAILED = "decompression_failed"
    DECOMPRESSED_TOO_LONG = "decompressed_too_long"
    EMPTY_HANDSHAKE_RECORD = "empty_handshake_record"
    EMPTY_ALERT_RECORD = "empty_alert_record"
    TOO_MANY_EMPTY_RECORDS = "too_many_empty_records"

    # -- the order of messages
    MESSAGE_NOT_DUE = "message_not_due"
    MESSAGE_BEFORE_KEY_CHANGE = "message_before_key_change"
    CHANGE_CIPHER_SPEC_NOT_DUE = "change_cipher_spec_not_due"
    MALFORMED_CHANGE_CIPHER_SPEC = "malformed_change_cipher_spec"
    MESSAGE_INTERRUPTED = "message_interrupted"
    TOO_MANY_LATER_MESSAGES = "too_many_later_messages"
    TOO_MUCH_EARLY_DATA = "too_much_early_data"
    DATA_DURING_HANDSHAKE = "data_during_handshake"
    TOO_MUCH_DATA_DURING_RENEGOTIATION = "too_much_data_during_renegotiation"

    # -- what TLS 1.3 agrees on
    RETRY_NOT_KEPT = "retry_not_kept"
    SESSION_ID_NOT_ECHOED = "session_id_not_echoed"
    EARLY_DATA_TO_AN_OLD_SERVER = "early_data_to_an_old_server"
    EARLY_DATA_UNDER_ANOTHER_KEY = "early_data_under_another_key"
    PSK_NOT_OFFERED = "psk_not_offered"
    PSK_OF_ANOTHER_HASH = "psk_of_another_hash"
    PSK_MODE_NOT_OFFERED = "psk_mode_not_offered"
    PSK_BINDER_INVALID = "psk_binder_invalid"
    CERTIFICATE_CONTEXT = "certificate_context"
    SECOND_HELLO_CHANGED = "second_hello_changed"
    COMPRESSION_IN_TLS_1_3 = "compression_in_tls_1_3"
    EARLY_DATA_WITHOUT_PSK = "early_data_without_psk"
    COOKIE_TOO_LONG = "cookie_too_long"
    COOKIE_INVALID = "cookie_invalid"
    KEY_SHARE_OF_ANOTHER_GROUP = "key_share_of_another_group"

    # -- the form of messages
    HANDSHAKE_MESSAGE_TOO_LONG = "handshake_message_too_long"
    MESSAGE_TOO_SHORT = "message_too_short"
    MESSAGE_TOO_LONG = "message_too_long"
    EMPTY_VALUE = "empty_value"
    EMPTY_LIST = "empty_list"
    ODD_LIST_LENGTH = "odd_list_length"
    SESSION_ID_TOO_LONG = "session_id_too_long"
    FINISHED_LENGTH = "finished_length"
    EXTENSION_LENGTH = "extension_length"
    DUPLICATE_EXTENSION = "duplicate_extension"
    SERVER_NAME_MALFORMED = "server_name_malformed"
    SERVER_NAME_TWICE = "server_name_twice"
    UNKNOWN_FRAGMENT_LENGTH = "unknown_fragment_length"
    RECORD_SIZE_LIMIT_TOO_SMALL = "record_size_limit_too_small"
    UNCOMPRESSED_POINTS_MISSING = "uncompressed_points_missing"

    # -- the form of TLS 1.3's messages
    DUPLICATE_KEY_SHARE = "duplicate_key_share"
    BINDER_TOO_SHORT = "binder_too_short"
    BINDER_COUNT = "binder_count"
    PRE_SHARED_KEY_NOT_LAST = "pre_shared_key_not_last"
    EXTENSION_MISSING = "extension_missing"
    EXTENSION_OF_ANOTHER_MESSAGE = "extension_of_another_message"
    UNKNOWN_KEY_UPDATE_REQUEST = "unknown_key_update_request"
    TICKET_LIFETIME_TOO_LONG = "ticket_lifetime_too_long"
    CERTIFICATE_STATUS_MALFORMED = "certificate_status_malformed"
    CERTIFICATE_STATUS_TYPE = "certificate_status_type"
    CERTIFICATE_COMPRESSION_NOT_OFFERED = "certificate_compression_not_offered"
    CERTIFICATE_COMPRESSION_NOT_IMPLEMENTED = "certificate_compression_not_implemented"
    CERTIFICATE_DECOMPRESSION = "certificate_decompression"

    # -- alerts
    UNKNOWN_ALERT_LEVEL = "unknown_alert_level"
    WARNING_NOT_ACCEPTED = "warning_not_accepted"
    ALERT_LENGTH = "alert_length"
    TOO_MANY_WARNINGS = "too_many_warnings"

    # -- SSL 2.0
    SSL2_SPOKEN = "ssl2_spoken"
    SSL2_HELLO_REFUSED = "ssl2_hello_refused"
    MALFORMED_SSL2_HELLO = "malformed_ssl2_hello"

    # -- what the hellos agree on
    RETRY_CHANGES_NOTHING = "retry_changes_nothing"
    NO_VERSION_IN_COMMON = "no_version_in_common"
    INAPPROPRIATE_FALLBACK = "inappropriate_fallback"
    DOWNGRADED = "downgraded"
    NULL_COMPRESSION_MISSING = "null_compression_missing"
    NO_SUITE_IN_COMMON = "no_suite_in_common"
    NO_GROUP_IN_COMMON = "no_group_in_common"
    NO_FINITE_FIELD = "no_finite_field"
    NO_SIGNATURE_SCHEME_IN_COMMON = "no_signature_scheme_in_common"
    NO_APPLICATION_PROTOCOL_IN_COMMON = "no_application_protocol_in_common"
    VERSION_NOT_OFFERED = "version_not_offered"
    SUITE_NOT_OFFERED = "suite_not_offered"
    SUITE_NOT_IMPLEMENTED = "suite_not_implemented"
    SUITE_OF_ANOTHER_VERSION = "suite_of_another_version"
    COMPRESSION_NOT_OFFERED = "compression_not_offered"
    COMPRESSION_NOT_IMPLEMENTED = "compression_not_implemented"
    EXTENSION_NOT_OFFERED = "extension_not_offered"
    EXTENSION_NOT_IMPLEMENTED = "extension_not_implemented"
    EXTENSION_IN_SSL_3_0 = "extension_in_ssl_3_0"
    APPLICATION_PROTOCOL_NOT_OFFERED = "application_protocol_not_offered"
    SEVERAL_APPLICATION_PROTOCOLS = "several_application_protocols"
    ENCRYPT_THEN_MAC_WITHOUT_CBC = "encrypt_then_mac_without_cbc"
    FRAGMENT_LENGTH_CHANGED = "fragment_length_changed"
    TWO_RECORD_LIMITS = "two_record_limits"

    # -- resumption
    SESSION_SUITE_NOT_OFFERED = "session_suite_not_offered"
    EXTENDED_MASTER_SECRET_DROPPED = "extended_master_secret_dropped"
    ENCRYPT_THEN_MAC_DROPPED = "encrypt_then_mac_dropped"
    RESUMED_WITH_ANOTHER_VERSION_OR_SUITE = "resumed_with_another_version_or_suite"
    RESUMED_WITH_ANOTHER_COMPRESSION = "resumed_with_another_compression"
    RESUMED_WITH_ANOTHER_MASTER_SECRET = "resumed_with_another_master_secret"

    # -- renegotiation
    RENEGOTIATION_REFUSED = "renegotiation_refused"
    RENEGOTIATION_NOT_BOUND = "renegotiation_not_bound"
    RENEGOTIATION_INFO_IN_FIRST_HANDSHAKE = "renegotiation_info_in_first_handshake"
    RENEGOTIATION_INFO_UNEXPECTED = "renegotiation_info_unexpected"
    RENEGOTIATION_SCSV_IN_RENEGOTIATION = "renegotiation_scsv_in_renegotiation"
    TOO_MANY_RENEGOTIATIONS = "too_many_renegotiations"

    # -- certificates and signatures
    CERTIFICATE_MISSING = "certificate_missing"
    MALFORMED_CERTIFICATE = "malformed_certificate"
    CERTIFICATE_NAME_MISMATCH = "certificate_name_mismatch"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_AUTHORITY_UNKNOWN = "certificate_authority_unknown"
    CERTIFICATE_SIGNATURE_INVALID = "certificate_signature_invalid"
    CERTIFICATE_ISSUER_NO_AUTHORITY = "certificate_issuer_no_authority"
    CERTIFICATE_PURPOSE = "certificate_purpose"
    CERTIFICATE_NAME_NOT_PERMITTED = "certificate_name_not_permitted"
    CERTIFICATE_EXTENSION_UNKNOWN = "certificate_extension_unknown"
    CERTIFICATE_KEY_UNKNOWN = "certificate_key_unknown"
    CERTIFICATE_SIGNATURE_SCHEME = "certificate_signature_scheme"
    CERTIFICATE_TOO_MUCH_WORK = "certificate_too_much_work"
    CERTIFICATE_REQUEST_OF_ANONYMOUS_SERVER = "certificate_request_of_anonymous_server"
    KEY_KIND_OF_SUITE = "key_kind_of_suite"
    KEY_USAGE_OF_SUITE = "key_usage_of_suite"
    KEY_USAGE_OF_CLIENT = "key_usage_of_client"
    KEY_KIND_OF_SIGNATURE_SCHEME = "key_kind_of_signature_scheme"
    SIGNATURE_SCHEME_NOT_OFFERED = "signature_scheme_not_offered"
    SIGNATURE_SCHEME_NOT_IMPLEMENTED = "signature_scheme_not_implemented"
    SIGNATURE_INVALID = "signature_invalid"

    # -- the key exchange
    PARAMETERS_MISSING = "parameters_missing"
    EXPLICIT_CURVE = "explicit_curve"
    GROUP_NOT_OFFERED = "group_not_offered"
    GROUP_NOT_IMPLEMENTED = "group_not_implemented"
    KEY_SHARE_INVALID = "key_share_invalid"
    DIFFIE_HELLMAN_PRIME_LENGTH = "diffie_hellman_prime_length"
    DIFFIE_HELLMAN_GROUP_INVALID = "diffie_hellman_group_invalid"
    EXPORT_KEY_TOO_LONG = "export_key_too_long"
    CERTIFICATE_CURVE_NOT_OFFERED = "certificate_curve_not_offered"
    CERTIFICATE_KEY_TOO_SHORT = "certificate_key_too_short"
    RSA_KEY_TOO_SHORT = "rsa_key_too_short"
    RSA_KEY_UNUSABLE = "rsa_key_unusable"
    FINISHED_INVALID = "finished_invalid"
