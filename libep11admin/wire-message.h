/*
 * Outer framing between client and crypto unit: JSON body, HTPRequest and HTPResponse text, CPRB
 * header (crypto-unit-protocol.md, 1.4 to 1.9).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_CPRB_LEN 32u
#define TKE_WIRE_MAX_PAYLOAD 65536u /* bytes of an EP11 message, either way */

/* Whole body of a POST around an EP11 request. Caller frees. */
TKE_PUBLIC char *tke_wire_message_new_body(uint32_t module_index, uint32_t domain_index,
                                           const uint8_t *payload, size_t len);

/*
 * The EP11 answer inside an HTTP answer, everything around it checked strictly: status, JSON,
 * fields of the HTPResponse, CPRB header, domain, lengths. Errors are TKE_UNIT_ERROR with their
 * place. Caller frees.
 */
TKE_PUBLIC GByteArray *tke_wire_message_open_answer(unsigned status, const char *body, size_t len,
                                                    uint32_t domain_index, GError **error);

/* The steps of the two functions above. */

/* CPRB header and payload. Caller frees. */
TKE_PUBLIC GByteArray *tke_wire_message_new_cprb(uint32_t domain_index, const uint8_t *payload,
                                                 size_t len);
/* JSON body around an HTPRequest, whose characters need no escapes. Caller frees. */
TKE_PUBLIC char *tke_wire_message_wrap_body(const char *htp_request);
/* HTPRequest text around a CPRB. Caller frees. */
TKE_PUBLIC char *tke_wire_message_new_htp_request(uint32_t module_index, const uint8_t *cprb,
                                                  size_t len);

typedef enum {
    TKE_WIRE_LIST,    /* the list of units */
    TKE_WIRE_COMMAND, /* a request to one unit */
} TkeWireOperation;

/*
 * True for 2xx; else TKE_UNIT_ERROR_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _BAD_REQUEST or _SERVICE
 * with status, the beginning of the body (printable characters) and the next step.
 */
TKE_PUBLIC bool tke_wire_message_check_status(TkeWireOperation operation, unsigned status,
                                              const char *body, size_t len, GError **error);

/* Member "response" of a 2xx body. Caller frees. */
TKE_PUBLIC char *tke_wire_message_parse_body(const char *body, size_t len, GError **error);

/* Fields of fixed width as received, without NUL inside; blanks kept. */
typedef struct TkeHtpResponse {
    char error_type[3];
    char return_code[9];
    char reason_code[9];
    char program[9];
    char place[31];
    char text[101];
    char *cprb_hex;       /* third field; NULL: there is none */
    bool length_is_right; /* the length field says what follows */
    bool has_more_fields; /* a fourth field follows */
} TkeHtpResponse;

/*
 * Splits an HTPResponse; fewer than two fields or information too short: TKE_UNIT_ERROR_MALFORMED
 * (place HTP_FORMAT). Error types other than 00 are no error here. Clear with _clear.
 */
TKE_PUBLIC bool tke_wire_message_parse_htp(const char *text, TkeHtpResponse *response,
                                           GError **error);
TKE_PUBLIC void tke_htp_response_clear(TkeHtpResponse *response);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TkeHtpResponse, tke_htp_response_clear)

/* TKE_UNIT_ERROR_ENDPOINT with its meaning if the error type is not 00. */
TKE_PUBLIC bool tke_wire_message_check_htp(const TkeHtpResponse *response, GError **error);

/* Meaning of an error type, return code and reason code of the endpoint, translated; NULL: unknown.
 */
TKE_PUBLIC const char *tke_wire_message_htp_text(const TkeHtpResponse *response);

typedef struct TkeCprb {
    uint16_t header_len;
    uint8_t version;
    uint8_t flags;
    uint16_t subtype;
    uint32_t domain_index;
    uint16_t return_code; /* with reason_code: bytes 16 to 19 */
    uint16_t reason_code;
    uint32_t payload_len;   /* announced */
    const uint8_t *payload; /* view into the bytes parsed */
    size_t extra_len;       /* bytes after the announced payload */
} TkeCprb;

/*
 * Reads header and payload. A nonzero return code is TKE_UNIT_ERROR_REFUSED (place CPRB); too few
 * bytes are TKE_UNIT_ERROR_MALFORMED.
 */
TKE_PUBLIC bool tke_wire_message_parse_cprb(const uint8_t *bytes, size_t len, TkeCprb *cprb,
                                            GError **error);
/* Header as the protocol wants it, this domain, nothing after the payload. */
TKE_PUBLIC bool tke_wire_message_check_cprb(const TkeCprb *cprb, uint32_t domain_index,
                                            GError **error);
