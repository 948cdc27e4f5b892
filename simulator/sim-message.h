/*
 * The simulator's own readers and builders of what the service carries: HTPRequest and
 * HTPResponse, CPRB, requests and answers in DER (crypto-unit-protocol.md, 1.7 to 1.10 and 2.1 to
 * 2.6).
 *
 * Views (TkeByteCursor) borrow the bytes they were read from. Readers take DER lengths in any
 * definite form and refuse bytes that are left over; builders write minimal lengths, or with
 * long_lengths two-byte ones for everything of variable length, as real modules do.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/byte-cursor.h"

#define SIM_FUNCTION_INFO 38u
#define SIM_FUNCTION_ADMIN 41u
#define SIM_MODULE_ID_LEN 16u
#define SIM_COUNTER_LEN 16u
#define SIM_SKI_LEN 32u
#define SIM_CPRB_LEN 32u
#define SIM_QUERY_BIT 0x00010000u

/* An error of the program behind the endpoint (1.8); type 0: none. The text is constant. */
typedef struct SimHtpError {
    uint32_t type, return_code, reason_code;
    const char *text;
} SimHtpError;

/* What an HTPRequest carries. */
typedef struct SimHtpRequest {
    uint32_t module;
    uint32_t domain; /* of the CPRB */
    uint8_t flags;
    GByteArray *bytes;     /* CPRB header and payload */
    TkeByteCursor payload; /* in bytes */
} SimHtpRequest;

bool sim_message_parse_htp(const char *text, SimHtpRequest *request, SimHtpError *error);
void sim_htp_request_clear(SimHtpRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimHtpRequest, sim_htp_request_clear)

/* CPRB header and payload. */
GByteArray *sim_message_build_cprb(uint8_t flags, uint32_t domain, uint32_t return_code,
                                   const uint8_t *payload, size_t len);
/* The text around it; or around an error. The caller frees. */
char *sim_message_build_htp(const uint8_t *cprb, size_t len);
char *sim_message_build_htp_error(const SimHtpError *error);

/* A payload: an information query or an administrative request. */
typedef struct SimMessage {
    uint16_t ordinal, function;
    uint32_t domain;
    uint32_t query, sub_query;       /* information query */
    TkeByteCursor block, signatures; /* administrative request */
} SimMessage;

/*
 * Reads a payload; returns the outer return value (2.13, step 1): 0, or why it is refused.
 * function, ordinal and domain are set as far as they could be read.
 */
uint32_t sim_message_parse(TkeByteCursor payload, SimMessage *message);

/* xcpAdminBlk. Only the outermost form and the length of the command are checked. */
typedef struct SimBlock {
    TkeByteCursor whole;
    uint32_t command;
    TkeByteCursor domain, module_id, counter, payload;
} SimBlock;

bool sim_message_parse_block(TkeByteCursor bytes, SimBlock *block);

/* xcpAdminRspBlk. */
typedef struct SimAnswer {
    uint32_t command;
    uint32_t domain, instance;
    uint8_t module_id[SIM_MODULE_ID_LEN];
    uint8_t counter[SIM_COUNTER_LEN];
    uint32_t return_code;
    const uint8_t *output; /* borrowed */
    size_t output_len;
} SimAnswer;

GByteArray *sim_message_build_block(const SimAnswer *answer, bool long_lengths);

/* SignerInfo of the module: P-521 with SHA-512 (5.6). */
GByteArray *sim_message_build_signer_info(const uint8_t ski[static SIM_SKI_LEN],
                                          const uint8_t *signature, size_t len, bool long_lengths);

/* xcpAdminRsp; with a return value other than 0, block and signatures are left out. */
GByteArray *sim_message_build_admin_rsp(const SimMessage *message, uint32_t return_value,
                                        const GByteArray *block, const GByteArray *signatures,
                                        bool long_lengths);

/* xcpRsp. */
GByteArray *sim_message_build_info_rsp(const SimMessage *message, uint32_t return_value,
                                       const uint8_t *data, size_t len, bool long_lengths);
