/*
 * A service of virtual units in a temporary world, and a small client that builds requests by
 * itself and takes answers apart, so that tests say what a unit does and not how bytes are packed.
 */
#pragma once

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>
#include <json-glib/json-glib.h>

#include "common/openssl.h"
#include "simulator/sim-service.h"

#define FIXTURE_ADMINS 10u
#define FIXTURE_SKI 32u

typedef struct FixtureAdmin {
    EVP_PKEY *key;
    uint8_t ski[FIXTURE_SKI];
    GByteArray *certificate;
} FixtureAdmin;

typedef struct Fixture {
    char *dir;
    SimService *service;
    SimUnit *unit; /* the one requests go to; the first */
    char *authorization;
    FixtureAdmin admins[FIXTURE_ADMINS]; /* made on first use */
    unsigned ordinal;
} Fixture;

/* An answer taken apart. */
typedef struct Answer {
    unsigned status;   /* HTTP */
    uint32_t htp_type; /* error type of the HTPResponse; 0: none, the rest is set */
    uint32_t htp_code;
    uint32_t cprb;  /* return code */
    uint32_t outer; /* 0: the rest is set */
    uint32_t command, domain, instance;
    uint8_t module_id[16], counter[16];
    uint32_t return_code, reason; /* reason 0: none */
    bool is_signed;               /* the signature verifies */
    GByteArray *output;           /* without the reason */
} Answer;

struct Fixture;
void answer_clear(Answer *answer);
/* Fills an answer from an HTPResponse of the fixture's unit. */
void answer_read(const struct Fixture *fixture, Answer *answer, const char *text);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

/* One CEX7 unit in imprint mode, or the service of a scenario part (JSON text with ' for "). */
void fixture_open(Fixture *fixture);
void fixture_open_with(Fixture *fixture, const char *scenario);
void fixture_close(Fixture *fixture);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_close)

/* The service as a new process finds it. */
void fixture_reload(Fixture *fixture);

/* An order, JSON text with ' for ". */
void fixture_fault(Fixture *fixture, const char *order);

/* P-521 administrator with an ordinary self-signed certificate; number 0 to FIXTURE_ADMINS - 1. */
const FixtureAdmin *fixture_admin(Fixture *fixture, unsigned i);

/* One HTTP request; body NULL: GET. */
void fixture_http(Fixture *fixture, const char *path, const char *body, SimReply *reply);

/* The HTPRequest around a payload; the caller frees. */
char *fixture_wrap(const Fixture *fixture, const GByteArray *payload);

/* A payload to the unit, its answer taken apart. */
Answer fixture_send(Fixture *fixture, const GByteArray *payload);

/* The parts of a request. Identity and counter NULL: those of a query. */
typedef struct Block {
    uint32_t command;
    const uint8_t *domain, *module_id, *counter;
    size_t domain_len, module_id_len, counter_len;
    const uint8_t *payload;
    size_t payload_len;
} Block;

GByteArray *fixture_block(const Block *block);
/* xcpAdminReq around a block; signatures may be NULL. */
GByteArray *fixture_request(const Fixture *fixture, const GByteArray *block,
                            const GByteArray *signatures);
/* Appends the SignerInfo of an administrator over a block. */
void fixture_sign(Fixture *fixture, unsigned admin, const GByteArray *block,
                  GByteArray *signatures);

/* Identity and counter + 1 for the next command, in the form of Block; the arrays are static. */
Block fixture_next(Fixture *fixture, uint32_t command, const uint8_t *payload, size_t len);

/* A query; a command with the signatures of administrators 0 to signers - 1. */
Answer fixture_query(Fixture *fixture, uint32_t query, const uint8_t *payload, size_t len);
Answer fixture_command(Fixture *fixture, uint32_t command, const uint8_t *payload, size_t len,
                       unsigned signers);
/* The same with the payload as hex text. */
Answer fixture_command_hex(Fixture *fixture, uint32_t command, const char *payload,
                           unsigned signers);

/* Domain or module information; the data in output. */
Answer fixture_info(Fixture *fixture, uint32_t query);

/* Succeeded, or was refused with these codes; the answer was signed in both cases. */
void check_answer_ok(const Answer *answer);
void check_answer_refused(const Answer *answer, uint32_t return_code, uint32_t reason);
/* The same, and the answer is cleared. */
void check_answer_codes(Answer answer, uint32_t return_code, uint32_t reason);

/* Adds an administrator in imprint mode. */
Answer fixture_add_admin(Fixture *fixture, unsigned i);
/* Adds so many administrators and leaves imprint mode with these thresholds. */
void fixture_set_up(Fixture *fixture, unsigned admins, unsigned sig, unsigned rev);
/* Set attributes with one pair: value of this number. */
Answer fixture_set_attribute(Fixture *fixture, uint32_t index, uint32_t value, unsigned signers);

/* A P-521 importer key made by the unit, and an envelope for it. */
EVP_PKEY *fixture_importer(Fixture *fixture);
/* Imports parts of one repeated byte each, every one signed by administrator 0. */
Answer fixture_import(Fixture *fixture, EVP_PKEY *importer, const uint8_t *bytes, unsigned n);
GByteArray *fixture_import_part(Fixture *fixture, EVP_PKEY *importer, const Block *outer,
                                uint8_t byte, unsigned admin);
/* Imports, commits and sets one key immediately. */
void fixture_load_key(Fixture *fixture, const uint8_t *bytes, unsigned n);
