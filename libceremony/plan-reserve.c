/*
 * Advice where every administrator would be needed, so that one lost card is one too many
 * (functions 3.5, 3.6; F-081).
 */
#include <glib/gi18n-lib.h>

#include "libceremony/plan.h"

typedef struct Need {
    unsigned admins;
    unsigned signature;
    unsigned revocation;
} Need;

/* What the unit will have and want; false: the change does not touch it. */
static bool
need_of(const TkeUnitState *state, const TkePlanAfter *after, Need *need)
{
    const uint32_t *now = state->attributes.value;
    const bool removed =
        after->without != NULL && tke_unit_find_admin(state->unit, after->without) != NULL;

    *need =
        (Need){ .admins = state->admins->len - (removed ? 1 : 0),
                .signature = after->signature > 0 ? after->signature : now[TKE_ATTRIBUTE_SIGN_THR],
                .revocation =
                    after->revocation > 0 ? after->revocation : now[TKE_ATTRIBUTE_REVOKE_THR] };
    return after->without == NULL || removed;
}

static bool
needs_all_to_sign(const TkeUnitState *state, const void *data)
{
    Need need;

    return need_of(state, data, &need) && need.signature > 0 && need.admins <= need.signature;
}

static bool
needs_all_to_remove(const TkeUnitState *state, const void *data)
{
    Need need;

    return need_of(state, data, &need) && need.revocation > 0 && need.admins > need.signature &&
           need.admins <= need.revocation;
}

char *
tke_plan_reserve_text(GPtrArray *states, const TkePlanAfter *after)
{
    g_autofree char *sign = tke_plan_names(states, needs_all_to_sign, after);
    g_autofree char *to_remove = tke_plan_names(states, needs_all_to_remove, after);
    g_autofree char *first =
        sign == NULL
            ? NULL
            : g_strdup_printf(_("No reserve: all administrators of %s have to sign then; one lost "
                                "card without a copy locks everybody out for good. Copy each card "
                                "(tke card copy), or install more administrators."),
                              sign);
    g_autofree char *second =
        to_remove == NULL
            ? NULL
            : g_strdup_printf(_("No reserve: to remove an administrator all those of %s have to "
                                "sign then; one whose card is lost can be removed only after "
                                "another one was added."),
                              to_remove);

    return first != NULL && second != NULL ? g_strjoin(" ", first, second, NULL)
                                           : g_strdup(first != NULL ? first : second);
}
