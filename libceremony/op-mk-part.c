/*
 * A custodian's card is in reader 2: choose a part, let the card encrypt it (functions 3.8, F-091).
 */
#include "libceremony/op-mk-part.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/error.h"
#include "common/hex.h"
#include "libceremony/card-session.h"
#include "libceremony/ceremony-error.h"
#include "libep11admin/importer-key.h"
#include "libep11admin/recipient-info.h"

#define ANY "any"
#define DIGITS_MIN 8u
#define DIGITS_MAX (2 * TKE_VP_LEN)

typedef struct Visit {
    const char *wanted;      /* how the part is named, plain; NULL: the operator chooses */
    const char *const *only; /* patterns; NULL: all parts */
    const TkeMkLoadResult *used;
    TkeKeyPartList list; /* of the card that fits */
} Visit;

static bool
is_used(const TkeMkLoadResult *used, const TkeKeyPart *part)
{
    for (unsigned i = 0; i < used->n_parts; i++) {
        if (tke_digest_vp_equal(used->parts[i].vp, part->vp)) {
            return true;
        }
    }
    return false;
}

static bool
is_any(const char *name)
{
    return name == NULL || strcmp(name, ANY) == 0;
}

/* As it is read from a screen: blanks between groups, capitals. */
static char *
plain_name(const char *name)
{
    g_autoptr(GString) plain = g_string_new(NULL);

    for (const char *at = name; *at != '\0'; at++) {
        if (*at != ' ') {
            g_string_append_c(plain, g_ascii_tolower(*at));
        }
    }
    return g_strdup(plain->str);
}

static bool
check_name(const char *name, const char *given, GError **error)
{
    const size_t digits = strspn(name, "0123456789abcdef");

    if (is_any(name) || (name[digits] == '\0' && digits >= DIGITS_MIN && digits <= DIGITS_MAX)) {
        return true;
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                _("“%s” names no key part: give the first digits of its verification pattern (hex, "
                  "%u at least), or “any”"),
                given, DIGITS_MIN);
    return false;
}

/* Equal parts cancel out: no part is taken twice. */
static bool
check_twice(const GPtrArray *names, const char *name, GError **error)
{
    for (guint i = 0; i < names->len; i++) {
        const char *other = names->pdata[i];

        if (!is_any(name) && !is_any(other) &&
            (g_str_has_prefix(name, other) || g_str_has_prefix(other, name))) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                        _("“%s” and “%s” name the same key part: two equal parts would cancel out"),
                        other, name);
            return false;
        }
    }
    return true;
}

GPtrArray *
tke_op_mk_part_names(const TkeMkLoadParams *params, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < params->n_parts; i++) {
        const char *given = params->parts != NULL ? params->parts[i] : NULL;
        g_autofree char *name = given != NULL ? plain_name(given) : NULL;

        if (name != NULL && (!check_name(name, given, error) || !check_twice(names, name, error))) {
            return NULL;
        }
        g_ptr_array_add(names, g_steal_pointer(&name));
    }
    return g_steal_pointer(&names);
}

static bool
is_named(const char *wanted, const TkeKeyPart *part)
{
    g_autofree char *vp = tke_hex_encode(part->vp, sizeof part->vp);

    return is_any(wanted) || g_str_has_prefix(vp, wanted);
}

static bool
is_among(const char *const *patterns, const TkeKeyPart *part)
{
    g_autofree char *vp = tke_hex_encode(part->vp, sizeof part->vp);

    return patterns == NULL || g_strv_contains(patterns, vp);
}

/* Parts of the list that may serve now. */
static unsigned
candidates(const Visit *visit, const TkeKeyPart *out[static TKE_EP11_PLACES])
{
    unsigned n = 0;

    for (unsigned i = 0; i < visit->list.n; i++) {
        const TkeKeyPart *part = &visit->list.parts[i];

        if (!is_used(visit->used, part) && is_named(visit->wanted, part) &&
            is_among(visit->only, part)) {
            out[n++] = part;
        }
    }
    return n;
}

/* Why no part of the card may serve now. */
static char *
why_none(const Visit *visit)
{
    for (unsigned i = 0; visit->only != NULL && i < visit->list.n; i++) {
        if (is_among(visit->only, &visit->list.parts[i])) {
            return g_strdup(_("The parts of this card have been used already. Insert the card with "
                              "the next part."));
        }
    }
    if (visit->only != NULL) {
        return g_strdup(_("This card holds none of the key parts with which the load was begun."));
    }
    return !is_any(visit->wanted)
               ? g_strdup_printf(_("This card holds no part whose pattern begins with %s."),
                                 visit->wanted)
               : g_strdup(_("The parts of this card have been used already: two equal parts would "
                            "cancel out. Insert the card with the next part."));
}

static bool
part_card_fits(TkeCard *card, const TkeCardStatus *status, void *data, const char **reason_word,
               char **reason)
{
    Visit *visit = data;
    const TkeKeyPart *found[TKE_EP11_PLACES];
    g_autoptr(GError) error = NULL;

    memset(&visit->list, 0, sizeof visit->list);
    if (status->n_parts == 0) {
        *reason_word = "no-key-part";
        *reason = g_strdup(_("This card holds no key part."));
        return false;
    }
    if (!tke_ep11_card_query_parts(card, status->n_parts, &visit->list, &error)) {
        *reason_word = "unreadable";
        *reason = g_strdup(error->message);
        return false;
    }
    if (candidates(visit, found) == 0) {
        *reason_word = "used";
        *reason = why_none(visit);
        return false;
    }
    return true;
}

static bool
choose_from(TkeOperation *op, const TkeKeyPart *const *found, unsigned n, unsigned *index,
            GError **error)
{
    const char *columns[] = { _("NUMBER"), _("DESCRIPTION"), _("VERIFICATION PATTERN"), NULL };
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    TkeChoice choice = { .what = "key-part",
                         .title = _("Which key part of the card in reader 2?"),
                         .columns = columns };

    for (unsigned i = 0; i < n; i++) {
        char **row = g_new0(char *, 4);

        row[0] = g_strdup_printf("%u", found[i]->place);
        row[1] = g_strdup(found[i]->description);
        row[2] = tke_hex_grouped(found[i]->vp, sizeof found[i]->vp, 4, ' ');
        g_ptr_array_add(rows, row);
    }
    choice.rows = (const char *const *const *) rows->pdata;
    choice.n_rows = rows->len;
    return tke_operation_choose(op, &choice, index, error);
}

/* Whoever leaves it to the card and has several parts on it types no PIN in vain. */
static bool
need_unambiguous(const Visit *visit, GError **error)
{
    const TkeKeyPart *found[TKE_EP11_PLACES];
    const unsigned n = candidates(visit, found);

    if (n > 1 && visit->wanted != NULL && is_any(visit->wanted)) {
        g_set_error(
            error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
            _("reader 2: the card holds %u parts that could be meant; name one by its pattern"), n);
        return false;
    }
    return true;
}

static bool
choose_part(TkeOperation *op, const Visit *visit, TkeKeyPart *part, GError **error)
{
    const TkeKeyPart *found[TKE_EP11_PLACES];
    unsigned n = candidates(visit, found);
    unsigned index = 0;

    g_return_val_if_fail(n > 0, false); /* part_card_fits() asked for another card */

    if ((visit->wanted == NULL || n > 1) && !choose_from(op, found, n, &index, error)) {
        return false;
    }
    *part = *found[index];
    return true;
}

/* The custodian compares the pattern before the card encrypts (F-091). */
static bool
confirm_part(TkeOperation *op, const TkeKeyPart *part, unsigned index, unsigned total,
             GError **error)
{
    g_autofree char *title = g_strdup_printf(_("Key part %u of %u:"), index + 1, total);
    g_autofree char *pattern = tke_hex_grouped(part->vp, sizeof part->vp, 4, ' ');
    const char *lines[] = { part->description, pattern, NULL };
    const TkePlan plan = { .action = "key-part", .title = title, .lines = lines };

    return tke_operation_confirm(op, &plan, error);
}

static bool
add_envelope(const TkeImporterKey *importer, const TkeWrappedPart *wrapped, GPtrArray *envelopes,
             GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(bytes, TKE_RECIPIENT_INFO_MAX);

    if (!tke_recipient_info_write_ec(&builder, wrapped->ephemeral_point,
                                     sizeof wrapped->ephemeral_point, wrapped->ukm,
                                     sizeof wrapped->ukm, importer->ski, sizeof importer->ski,
                                     wrapped->wrapped, sizeof wrapped->wrapped, error)) {
        return false;
    }
    g_ptr_array_add(envelopes, g_steal_pointer(&bytes));
    return true;
}

/* While the card is in: one part, encrypted for the importer key of every unit. */
static bool
wrap_for_all(TkeOperation *op, TkeCard *card, const TkeMkLoadParams *params, const TkeKeyPart *part,
             const TkeMkPartTargets *targets, GError **error)
{
    for (unsigned i = 0; i < targets->importers->len; i++) {
        const TkeImporterKey *importer = g_ptr_array_index(targets->importers, i);
        TkeWrappedPart wrapped;

        if (!tke_operation_check(op, error) ||
            !tke_ep11_card_wrap_part(card, part->place, part->vp, importer->point, params->form,
                                     &wrapped, error) ||
            !add_envelope(importer, &wrapped, g_ptr_array_index(targets->envelopes, i), error)) {
            return false;
        }
    }
    return true;
}

bool
tke_op_mk_part_visit(TkeOperation *op, const TkeMkLoadParams *params, unsigned index,
                     const TkeMkPartTargets *targets, TkeMkLoadResult *result, GError **error)
{
    g_autofree char *title =
        g_strdup_printf(_("Insert the card with key part %u of %u."), index + 1, params->n_parts);
    g_autofree Visit *visit = g_new0(Visit, 1);
    const TkeCardNeed need = { .reader = 2,
                               .wanted = TKE_WANTED_EP11,
                               .title = title,
                               .purpose = "key-part",
                               .number = index + 1,
                               .total = params->n_parts,
                               .fits = part_card_fits,
                               .fits_data = visit };
    const TkeCardStatus *status = NULL;
    TkeCard *card;

    visit->wanted = params->parts != NULL ? params->parts[index] : NULL;
    visit->only = (const char *const *) targets->patterns;
    visit->used = result;
    tke_operation_step(op, index, params->n_parts, title);
    card = tke_card_session_need(op, &need, &status, error);
    if (card == NULL || !need_unambiguous(visit, error) ||
        !tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error) ||
        !choose_part(op, visit, &result->parts[index], error) ||
        !confirm_part(op, &result->parts[index], index, params->n_parts, error) ||
        !wrap_for_all(op, card, params, &result->parts[index], targets, error)) {
        g_prefix_error(error, _("key part %u of %u: "), index + 1, params->n_parts);
        return false;
    }
    memcpy(result->card_ids[index], status->card_id, sizeof result->card_ids[index]);
    result->n_parts = index + 1;
    return true;
}
