/*
 * Handlers of the EP11 applet's commands (card-protocol.md, 8), one file for each group.
 */
#pragma once

#include "simulator/sim-card-crypto.h"
#include "simulator/sim-card-private.h"

/* sim-ep11-keys.c: 8.2, 8.3 */
uint16_t sim_ep11_make_key(SimCard *card, const SimCall *call);
uint16_t sim_ep11_replace_key(SimCard *card, const SimCall *call);
uint16_t sim_ep11_delete_key(SimCard *card, const SimCall *call);
uint16_t sim_ep11_show_key(SimCard *card, const SimCall *call);
uint16_t sim_ep11_make_part(SimCard *card, const SimCall *call);
uint16_t sim_ep11_delete_part(SimCard *card, const SimCall *call);
uint16_t sim_ep11_describe_part(SimCard *card, const SimCall *call);
uint16_t sim_ep11_list_parts(SimCard *card, const SimCall *call);
uint16_t sim_ep11_encrypt_part(SimCard *card, const SimCall *call);

/* sim-ep11-sign.c: 8.4 */
uint16_t sim_ep11_sign(SimCard *card, const SimCall *call);

/* sim-ep11-copy.c: 8.5, agreement and sender */
uint16_t sim_ep11_offer(SimCard *card, const SimCall *call);
uint16_t sim_ep11_start_sending(SimCard *card, const SimCall *call);
uint16_t sim_ep11_start_receiving(SimCard *card, const SimCall *call);
uint16_t sim_ep11_send_key(SimCard *card, const SimCall *call);
uint16_t sim_ep11_send_parts(SimCard *card, const SimCall *call);
/* Y of log entries about the other card: its id and the start of its point's hash (16 bytes). */
uint16_t sim_ep11_other_card(const SimSession *session, uint8_t y[static 16]);

/* sim-ep11-receive.c: 8.5, receiver and import */
uint16_t sim_ep11_receive(SimCard *card, const SimCall *call);
uint16_t sim_ep11_import(SimCard *card, const SimCall *call);

/* What arrived in the records of a seal. */
#define SIM_RECORDS_MAX 15u
#define SIM_RECORD_KEY 0x01u
#define SIM_RECORD_PARTS 0x02u

typedef struct SimRecord {
    uint8_t origin;
    uint8_t scalar[SIM_SCALAR_LEN]; /* signature key */
    uint8_t point[SIM_POINT_LEN];
    uint8_t part[SIM_CARD_PART_LEN]; /* key part */
    SimText text;                    /* name or description */
} SimRecord;

typedef struct SimRecords {
    uint8_t kind;
    unsigned n;
    SimRecord records[SIM_RECORDS_MAX];
} SimRecords;

/* Layout of kind and records; false: 6A80. imported: from a file, so what an import may bring. */
bool sim_ep11_read_records(const uint8_t *plain, size_t len, bool imported, SimRecords *out);

/*
 * Checks opened records against the card (step 6, then points and scalars) and stores them: one
 * lasting change for each. Writes the answer.
 */
uint16_t sim_ep11_store_received(SimCard *card, const SimRecords *records);
uint16_t sim_ep11_store_imported(SimCard *card, const SimRecords *records);
