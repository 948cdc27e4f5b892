/*
 * TkeUnitCommand: a command prepared for one unit. Prepare for all units first, let each signer
 * sign all of them in one go, then send to all units at once (crypto-unit-protocol.md, 2.8).
 *
 * Commands are made by unit-admins.h, unit-attributes.h, unit-master-key.h and unit-zeroize.h. A
 * command takes identity and counter from the unit's last signed answer, without a query. Several
 * may be prepared ahead for one unit: each counts one further, so they must be sent in the order in
 * which they were made, and freed when they will not be sent.
 *
 * Making a command fails with TKE_UNIT_ERROR_PRECONDITION when the unit's known state forbids it
 * (imprint mode, …) and with the unit's refusal when it is not verified.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libep11admin/admin-command.h"
#include "libep11admin/signer.h"
#include "libep11admin/unit-transport.h"
#include "libep11admin/unit.h"

typedef struct TkeUnitCommand TkeUnitCommand;

TKE_PUBLIC void tke_unit_command_free(TkeUnitCommand *command); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUnitCommand, tke_unit_command_free)

TKE_PUBLIC TkeUnit *tke_unit_command_get_unit(const TkeUnitCommand *command); /* borrowed */
TKE_PUBLIC TkeAdminCommand tke_unit_command_get_code(const TkeUnitCommand *command);

/*
 * What signers sign: one message, for an import one for each key part. The bytes are borrowed and
 * belong to the command.
 */
TKE_PUBLIC unsigned tke_unit_command_get_n_messages(const TkeUnitCommand *command);
TKE_PUBLIC const uint8_t *tke_unit_command_get_message(const TkeUnitCommand *command,
                                                       unsigned index, size_t *len);

/* Signatures needed (on each message) and there (on the message that has fewest). */
TKE_PUBLIC unsigned tke_unit_command_get_needed(const TkeUnitCommand *command);
TKE_PUBLIC unsigned tke_unit_command_get_signed(const TkeUnitCommand *command);
TKE_PUBLIC bool tke_unit_command_is_signed_by(const TkeUnitCommand *command,
                                              const uint8_t ski[static TKE_SKI_LEN]);

/*
 * Lets the signer sign all messages of the command. Refused with TKE_UNIT_ERROR_PRECONDITION: a
 * signer who has signed already, who is no administrator of the unit, or who is not needed any
 * more. A signature that does not verify under the administrator's key is TKE_ERROR_VERIFY. Other
 * errors are the signer's. After an error the command is as before.
 */
TKE_PUBLIC bool tke_unit_command_add_signer(TkeUnitCommand *command, TkeSigner *signer,
                                            GCancellable *cancellable, GError **error);

/* The same for one message: parts of an import signed by different administrators. */
TKE_PUBLIC bool tke_unit_command_add_message_signer(TkeUnitCommand *command, unsigned index,
                                                    TkeSigner *signer, GCancellable *cancellable,
                                                    GError **error);

typedef enum {
    TKE_UNIT_OUTCOME_NOT_SENT, /* not sent yet, or it cannot have arrived: may be sent again */
    TKE_UNIT_OUTCOME_DONE,     /* the unit says so, signed */
    /* refused, the unit says: settle, since it may have said so before */
    TKE_UNIT_OUTCOME_REFUSED,
    TKE_UNIT_OUTCOME_UNKNOWN,    /* it may have been done: settle */
    TKE_UNIT_OUTCOME_FOUND_DONE, /* the answer was lost or false; the unit shows that it was done */
    TKE_UNIT_OUTCOME_FOUND_NOT_DONE, /* the answer was lost; the unit shows that it was not done */
} TkeUnitOutcome;

/*
 * Sends the commands at once, at most one for a unit, and checks every answer: form, signature of
 * the module's verified key, command, unit, counter. Every answer brings the unit's identity and
 * counter up to date. Returns true when all were done; else the error is that of the first command
 * that was not, and each command tells its own (get_outcome, get_error). A command is sent once:
 * again only after NOT_SENT.
 *
 * Commands that lack signatures, or were prepared for a state that the unit has left
 * (tke_unit_command_is_stale), are not sent: TKE_UNIT_ERROR_PRECONDITION. A cancel leaves what was
 * delivered with an unknown outcome; callers past their commit point pass no cancellable.
 */
TKE_PUBLIC bool tke_unit_command_send(TkeUnitTransport *transport, TkeUnitCommand *const *commands,
                                      size_t n, GCancellable *cancellable, GError **error);

/*
 * Asks the units of those commands whose outcome is unknown which of the two states they are in,
 * all at once, and sets FOUND_DONE or FOUND_NOT_DONE; the error of the command stays, to be shown.
 * Those of refused commands too, once: one query each, more only where the command may have been
 * done after all; then REFUSED is FOUND_DONE. Returns false when at least one unit could not be
 * asked (its outcome is unknown), or holds a key after a lost import and other commands: whose,
 * nobody can say; the error of the command tells that then (TKE_UNIT_ERROR_PRECONDITION).
 */
TKE_PUBLIC bool tke_unit_command_settle(TkeUnitTransport *transport,
                                        TkeUnitCommand *const *commands, size_t n,
                                        GCancellable *cancellable, GError **error);

TKE_PUBLIC TkeUnitOutcome tke_unit_command_get_outcome(const TkeUnitCommand *command);
TKE_PUBLIC const GError *tke_unit_command_get_error(const TkeUnitCommand *command);
/* DONE or FOUND_DONE. */
TKE_PUBLIC bool tke_unit_command_is_done(const TkeUnitCommand *command);

/*
 * True if somebody else gave the unit a command meanwhile: the unit refused the counter (163) or
 * the instance of the domain (reason 14: zeroized), or a newer answer was seen before sending.
 * Nothing was done; query, prepare and sign again.
 */
TKE_PUBLIC bool tke_unit_command_is_stale(const TkeUnitCommand *command);

/* Output of a command that was DONE; NULL otherwise. Borrowed. */
TKE_PUBLIC const uint8_t *tke_unit_command_get_output(const TkeUnitCommand *command, size_t *len);
