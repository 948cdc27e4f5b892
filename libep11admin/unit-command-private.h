/*
 * The insides of a command, for the files that make and send commands.
 */
#pragma once

#include "libep11admin/unit-command.h"

typedef struct TkeUnitMessage {
    GByteArray *block;      /* what is signed */
    GByteArray *signatures; /* SignerInfos */
    GByteArray *skis;       /* of those who have signed */
} TkeUnitMessage;

struct TkeUnitCommand {
    TkeUnit *unit;
    TkeAdminCommand code;
    TkeUnitIdentity identity; /* with the counter of the command */
    GByteArray *payload;      /* NULL for an import */
    GPtrArray *messages;      /* of TkeUnitMessage */
    unsigned needed;
    bool waiting; /* counted in the unit */
    bool stale;
    TkeUnitOutcome outcome;
    bool refused;           /* the answer says so, whatever is known of the outcome */
    bool refusal_confirmed; /* the unit shows that a refused command was not done */
    GError *error;
    GError *said; /* what error was, where that says what was found out since; else NULL */
    GByteArray *output;
};

/*
 * A command with this payload. new_threshold is the signature threshold that an attribute command
 * sets, else 0. TKE_UNIT_ERROR_PRECONDITION as unit-command.h says.
 */
TkeUnitCommand *tke_unit_command_new(TkeUnit *unit, TkeAdminCommand code, const uint8_t *payload,
                                     size_t len, unsigned new_threshold, GError **error);

/* An import of parts (RecipientInfo, GByteArray each). */
TkeUnitCommand *tke_unit_command_new_import(TkeUnit *unit, GPtrArray *parts, GError **error);

/* TKE_UNIT_ERROR_PRECONDITION with the unit's name; NULL. */
TkeUnitCommand *tke_unit_command_set_precondition(const TkeUnit *unit, GError **error,
                                                  const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The whole EP11 request as it is sent. Caller unrefs. */
GByteArray *tke_unit_command_dup_request(const TkeUnitCommand *command);

/* No longer waits to be sent. */
void tke_unit_command_stop_waiting(TkeUnitCommand *command);

/* Identifier of the administrator that TKE_ADMIN_ADD_ADMIN is to add. */
bool tke_unit_command_get_added_ski(const TkeUnitCommand *command, uint8_t ski[static TKE_SKI_LEN]);

/* Brings administrators and attributes of the unit up to date after the command was done. */
void tke_unit_command_apply(const TkeUnitCommand *command);
