/*
 * Cards sign commands (functions 3.2, P-6).
 */
#include "libceremony/card-signer.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/cancel.h"
#include "common/hex.h"
#include "libceremony/card-session.h"

typedef struct CardSigner {
    TkeSigner base;
    TkeCard *card;
    uint8_t point[TKE_EC_POINT_LEN];
} CardSigner;

static bool
card_signer_sign(TkeSigner *signer, TkeSignPurpose purpose, const uint8_t *message, size_t len,
                 uint8_t *signature, size_t *signature_len, GCancellable *cancellable,
                 GError **error)
{
    CardSigner *self = (CardSigner *) signer;
    uint8_t der[TKE_EC_SIGNATURE_MAX];
    size_t der_len = 0;

    if (tke_cancel_is_asked(cancellable, error) ||
        !tke_ep11_card_sign(self->card,
                            purpose == TKE_SIGN_COMMAND ? TKE_EP11_SIGN_COMMAND
                                                        : TKE_EP11_SIGN_CERTIFICATE,
                            self->point, message, len, der, &der_len, error)) {
        return false;
    }
    memcpy(signature, der, der_len);
    *signature_len = der_len;
    return true;
}

static void
card_signer_free(TkeSigner *signer)
{
    g_free(signer->name);
    g_free(signer);
}

static const TkeSignerOps card_signer_ops = { .sign = card_signer_sign, .free = card_signer_free };

TkeSigner *
tke_card_signer_new(TkeCard *card, const TkeSignatureKey *key)
{
    CardSigner *self = g_new0(CardSigner, 1);

    self->base.ops = &card_signer_ops;
    self->base.kind = TKE_SIGNER_P521;
    self->base.name = g_strdup(key->name);
    memcpy(self->base.ski, key->ski, sizeof self->base.ski);
    memcpy(self->point, key->point, sizeof self->point);
    self->card = card;
    return &self->base;
}

typedef struct Wanted {
    TkeUnitCommand *const *commands;
    size_t n;
} Wanted;

static unsigned
missing(const TkeUnitCommand *command)
{
    unsigned needed = tke_unit_command_get_needed(command);
    unsigned there = tke_unit_command_get_signed(command);

    return needed > there ? needed - there : 0;
}

/* Names of the units in which this key would be no use. */
static char *
units_without(const Wanted *wanted, const uint8_t ski[static 32])
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (size_t i = 0; i < wanted->n; i++) {
        TkeUnit *unit = tke_unit_command_get_unit(wanted->commands[i]);

        if (missing(wanted->commands[i]) > 0 && tke_unit_find_admin(unit, ski) == NULL) {
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "",
                                   tke_unit_get_name(unit));
        }
    }
    return names->len > 0 ? g_string_free(g_steal_pointer(&names), FALSE) : NULL;
}

static bool
has_signed(const Wanted *wanted, const uint8_t ski[static 32])
{
    for (size_t i = 0; i < wanted->n; i++) {
        if (tke_unit_command_is_signed_by(wanted->commands[i], ski)) {
            return true;
        }
    }
    return false;
}

/* E-S01, E-S02, E-S05. */
static bool
signer_fits(TkeCard *card, const TkeCardStatus *status, void *data, const char **reason_word,
            char **reason)
{
    const Wanted *wanted = data;
    g_autofree char *units = NULL;

    (void) card;
    if (!status->has_signature_key) {
        *reason_word = "no-signature-key";
        *reason = g_strdup(_("This card has no signature key: it cannot sign."));
        return false;
    }
    if (has_signed(wanted, status->ski)) {
        *reason_word = "used";
        *reason = g_strdup_printf(_("%s has signed already: another administrator is needed."),
                                  status->admin_name);
        return false;
    }
    units = units_without(wanted, status->ski);
    if (units != NULL) {
        *reason_word = "no-administrator";
        *reason = g_strdup_printf(_("%s is no administrator of %s."), status->admin_name, units);
        return false;
    }
    return true;
}

static bool
sign_all(TkeOperation *op, const Wanted *wanted, TkeSigner *signer, GError **error)
{
    for (size_t i = 0; i < wanted->n; i++) {
        if (missing(wanted->commands[i]) > 0 &&
            !tke_unit_command_add_signer(wanted->commands[i], signer,
                                         tke_operation_get_cancellable(op), error)) {
            return false;
        }
    }
    return true;
}

/* One visit of one signer. */
static bool
visit(TkeOperation *op, const Wanted *wanted, unsigned number, unsigned total, GPtrArray *skis,
      GError **error)
{
    g_autofree char *title =
        total > 1 ? g_strdup_printf(_("Insert the card of an administrator: signature %u of %u."),
                                    number, total)
                  : g_strdup(_("Insert the card of an administrator."));
    const TkeCardNeed need = { .reader = 1,
                               .wanted = TKE_WANTED_EP11,
                               .title = title,
                               .purpose = "signer",
                               .number = number,
                               .total = total,
                               .fits = signer_fits,
                               .fits_data = (void *) wanted };
    g_autoptr(TkeSigner) signer = NULL;
    TkeSignatureKey key;
    TkeCard *card = tke_card_session_need(op, &need, NULL, error);

    if (card == NULL || !tke_card_session_need_pin(op, 1, TKE_PIN_FIRST, false, error) ||
        !tke_ep11_card_query_signature_key(card, &key, error)) {
        return false;
    }
    signer = tke_card_signer_new(card, &key);
    tke_operation_step(op, number - 1, total,
                       _("The administrator's card signs for all crypto units"));
    if (!sign_all(op, wanted, signer, error)) {
        return false;
    }
    if (skis != NULL) {
        g_ptr_array_add(skis, tke_hex_encode(key.ski, sizeof key.ski));
    }
    return true;
}

static unsigned
most_missing(const Wanted *wanted)
{
    unsigned most = 0;

    for (size_t i = 0; i < wanted->n; i++) {
        most = MAX(most, missing(wanted->commands[i]));
    }
    return most;
}

static bool
thresholds_differ(const Wanted *wanted)
{
    for (size_t i = 1; i < wanted->n; i++) {
        if (missing(wanted->commands[i]) != missing(wanted->commands[0])) {
            return true;
        }
    }
    return false;
}

bool
tke_card_signer_collect(TkeOperation *op, TkeUnitCommand *const *commands, size_t n, bool sent,
                        GPtrArray *skis, GError **error)
{
    const Wanted wanted = { .commands = commands, .n = n };
    unsigned total = most_missing(&wanted);

    if (total > 0 && thresholds_differ(&wanted)) {
        tke_operation_note(
            op,
            _("The crypto units need different numbers of signatures; the largest, %u, "
              "is collected."),
            total);
    }
    for (unsigned number = 1; most_missing(&wanted) > 0; number++) {
        if (!visit(op, &wanted, number, total, skis, error)) {
            tke_card_session_settle(tke_operation_get_card_session(op),
                                    error != NULL ? *error : NULL);
            if (total > 1) { /* E-S06 */
                g_prefix_error(error,
                               sent ? _("only %u of %u signatures were collected, nothing more was "
                                        "sent: ")
                                    : _("only %u of %u signatures were collected, nothing was "
                                        "sent: "),
                               number - 1, total);
            }
            return false;
        }
    }
    return true;
}
