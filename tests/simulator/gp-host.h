/*
 * The host's side of GlobalPlatform in tests of virtual cards, written for them: SCP02 and SCP03
 * on OpenSSL alone. Failures end the test.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "simulator/sim-card.h"

#define GP_PACKAGE "f04f544b450100"
#define GP_CA "f04f544b450101"
#define GP_EP11 "f04f544b450102"
#define GP_TEST_KEY "404142434445464748494a4b4c4d4e4f"

typedef struct GpHost {
    SimCard *card; /* borrowed */
    GByteArray *keys[3];
    /* of the session */
    unsigned scp;
    unsigned option;
    unsigned level;
    uint8_t enc[32];
    uint8_t mac[32];
    uint8_t r_mac[32];
    uint8_t dek[32];
    size_t key_len;
    uint8_t host_challenge[8];
    uint8_t card_challenge[8];
    uint8_t chain[16];
    uint32_t counter;
    bool wrong_cryptogram; /* spoil what EXTERNAL AUTHENTICATE sends */
    bool wrong_mac;        /* spoil the next MAC */
} GpHost;

/* With the test key in all three places; gp_host_set_keys takes hex. */
GpHost *gp_host_new(SimCard *card);
void gp_host_set_keys(GpHost *host, const char *enc, const char *mac, const char *dek);
void gp_host_free(GpHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GpHost, gp_host_free)

/* SELECT of the card manager, INITIALIZE UPDATE (its status word), the card's cryptogram
 * compared. */
unsigned gp_host_start(GpHost *host, uint8_t version);
/* EXTERNAL AUTHENTICATE: its status word. */
unsigned gp_host_authenticate(GpHost *host, unsigned level);
/* Both, which have to succeed. */
void gp_host_open(GpHost *host, unsigned level);

/* A command (class 80 in the header) with data as the session wants it, and with Le 00. */
GByteArray *gp_host_wrap(GpHost *host, const char *header, const GByteArray *data);

/* Sends it; the answer's data, whose MAC was right, in hex, and the status word at the end. */
char *gp_host_send(GpHost *host, const char *header, const char *data);
char *gp_host_send_bytes(GpHost *host, const char *header, const GByteArray *data);

/* The same where one answer is right. */
void gp_host_expect(GpHost *host, const char *header, const char *data, const char *answer);

/* The blocks of LOAD for a load file: all; the status word of the last one sent. */
unsigned gp_host_load(GpHost *host, const GByteArray *file, size_t block);

/* A load file with the package's AID, about len bytes long. */
GByteArray *gp_host_file(size_t len);

/* All of it: DELETE, INSTALL, LOAD, INSTALL of the CA (1) or EP11 (2) applet. */
void gp_host_install_all(GpHost *host, unsigned kind);

/* INSTALL for load; for install. */
#define GP_FOR_LOAD "07" GP_PACKAGE "00000000"
#define GP_FOR_CA                                                                                  \
    "07" GP_PACKAGE "07" GP_CA "07" GP_CA "0100"                                                   \
    "02c900"                                                                                       \
    "00"
#define GP_FOR_EP11                                                                                \
    "07" GP_PACKAGE "07" GP_EP11 "07" GP_EP11 "0100"                                               \
    "02c900"                                                                                       \
    "00"

/* A data field of PUT KEY: new version and three keys with their check values. */
char *gp_host_put_key_data(GpHost *host, uint8_t version, const char *enc, const char *mac,
                           const char *dek);
