/*
 * A journal in a directory of its own, with three units that nobody has asked anything, and what
 * they could answer.
 */
#pragma once

#include <glib/gstdio.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/journal.h"
#include "tests/support/test-main.h"

#define INSTANCE "11112222-3333-4444-5555-666677778888"
#define ADMIN_ADD "tke-cryptounit-admin.add"
#define LOAD "tke-cryptounit-master-key-register.add"
#define COMMIT "tke-cryptounit-master-key-register.commit"
#define ACTIVATE "tke-cryptounit-master-key-register.activate"
#define CLEAR_NEW "tke-cryptounit-new-master-key-register.clear"
#define CLEAR_CURRENT "tke-cryptounit-current-master-key-register.clear"
#define THRESHOLDS "tke-cryptounit-threshold.set"
#define ZEROIZE "tke-cryptounit.reset"
#define PATTERN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

typedef struct Fixture {
    char *dir;
    char *path;
    GPtrArray *units;
} Fixture;

static Fixture fixture; /* of the program that includes this */

static inline void
set_up(void)
{
    static const char list[] = "{\"hsms\":["
                               "{\"hsm_id\":\"h1\",\"location\":\"[us-south].[AZ1-CS1].[00].[03]\","
                               "\"serial_number\":\"93AA0001\"},"
                               "{\"hsm_id\":\"h2\",\"location\":\"[us-south].[AZ2-CS2].[01].[04]\","
                               "\"serial_number\":\"93AA0002\"},"
                               "{\"hsm_id\":\"h3\",\"location\":\"[us-south].[AZ3-CS3].[02].[05]\","
                               "\"serial_number\":\"93AA0003\"}]}";
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) entries = tke_unit_list_parse(200, list, sizeof list - 1, &error);

    ck_assert_msg(entries != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(entries->len, 3);
    fixture.dir = g_dir_make_tmp("opentke-journal-XXXXXX", NULL);
    fixture.path = g_build_filename(fixture.dir, "opentke-journal.json", NULL);
    fixture.units = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_unref);
    for (unsigned i = 0; i < entries->len; i++) {
        TkeUnit *unit = tke_unit_new(INSTANCE, g_ptr_array_index(entries, i), i + 1, &error);

        ck_assert_ptr_nonnull(unit);
        g_ptr_array_add(fixture.units, unit);
    }
}

static inline void
tear_down(void)
{
    g_ptr_array_unref(fixture.units);
    for (unsigned i = 1; i <= 2; i++) {
        g_autofree char *aside = g_strdup_printf("%s.damaged-%u", fixture.path, i);

        (void) g_unlink(aside);
    }
    (void) g_unlink(fixture.path);
    (void) g_rmdir(fixture.dir);
    g_free(fixture.path);
    g_free(fixture.dir);
}

static inline TkeUnit *
unit(unsigned number)
{
    return g_ptr_array_index(fixture.units, number - 1);
}

static inline TkeJournal *
load_journal(void)
{
    g_autoptr(GError) error = NULL;
    TkeJournal *journal = tke_journal_load(fixture.dir, &error);

    ck_assert_msg(journal != NULL, "%s", error != NULL ? error->message : "");
    return journal;
}

static inline JsonObject *
values_of(const char *text)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);

    ck_assert_ptr_nonnull(node);
    return json_node_dup_object(node);
}

static inline void
begin(TkeJournal *journal, const char *action, JsonObject *values)
{
    g_autoptr(GError) error = NULL;

    ck_assert_msg(tke_journal_begin(journal, action, values, fixture.units, &error), "%s",
                  error != NULL ? error->message : "");
}

static inline void
note(TkeJournal *journal, const char *action, JsonObject *values, unsigned number,
     TkeJournalState state)
{
    tke_journal_note(journal, action, values, unit(number), state);
}

static inline unsigned
count(const TkeJournal *journal)
{
    return tke_journal_get_unfinished(journal)->len;
}

static inline char *
tell_first(const TkeJournal *journal)
{
    ck_assert_uint_gt(count(journal), 0);
    return tke_journal_entry_tell(g_ptr_array_index(tke_journal_get_unfinished(journal), 0),
                                  fixture.units);
}

/* A unit that answers with these registers, thresholds of 2 and no administrators. */
static inline TkeUnitState
state_of(unsigned number, TkeRegisterState new_state, uint8_t new_byte,
         TkeRegisterState current_state, uint8_t current_byte)
{
    static GPtrArray *none;
    TkeUnitState state = { .unit = unit(number), .imprint = false, .vps_signed = true };

    none = none == NULL ? g_ptr_array_new() : none;
    state.admins = none;
    state.attributes.value[TKE_ATTRIBUTE_SIGN_THR] = 2;
    state.attributes.value[TKE_ATTRIBUTE_REVOKE_THR] = 2;
    state.registers.new_state = new_state;
    state.registers.current_state = current_state;
    memset(state.registers.new_vp, new_byte, 32);
    memset(state.registers.current_vp, current_byte, 32);
    return state;
}

#define EMPTY TKE_REGISTER_EMPTY
#define VALID TKE_REGISTER_VALID
#define UNCOMMITTED TKE_REGISTER_FULL_UNCOMMITTED
#define COMMITTED TKE_REGISTER_FULL_COMMITTED

#define TWO_PARTS "{\"parts\":[{\"pattern\":\"" PATTERN "\"},{\"pattern\":\"" OTHER "\"}]}"

/* As noted of a step that was sent to unit 1 when its counter was ff. */
#define HEX_DOMAIN "0000000301020304"
#define HEX_MODULE "39334141303030310506070809101112"
#define HEX_COUNTER "000000000000000000000000000000ff"
#define BEFORE                                                                                     \
    "\"before\":{\"domain\":\"" HEX_DOMAIN "\",\"module\":\"" HEX_MODULE                           \
    "\",\"counter\":\"" HEX_COUNTER "\"}"
#define SENT(action, rest)                                                                         \
    "{\"unfinished\":[{\"action\":\"" action "\",\"started\":\"x\",\"units\":[{\"id\":\"h1\","     \
    "\"location\":\"l\",\"state\":\"unknown\"," BEFORE "}]" rest "}]}"
