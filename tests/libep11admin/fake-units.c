/*
 * Scripted crypto units: what they hold, queries and commands.
 */
#include "tests/libep11admin/fake-units.h"

#include <check.h>
#include <string.h>

#include "common/byte-builder.h"
#include "libep11admin/admin-certificate.h"
#include "libep11admin/admin-command.h"
#include "tests/libep11admin/fake-units-private.h"
#include "tests/libep11admin/test-module-maker.h"

static EVP_PKEY *
new_key(void)
{
    EVP_PKEY *key = tke_ec_key_generate(NULL);

    ck_assert_ptr_nonnull(key);
    return key;
}

void
fake_unit_renew_chain(FakeUnits *units, FakeUnit *unit, bool unknown_root)
{
    EVP_PKEY *signer = unknown_root ? units->other_root : units->root;
    g_autoptr(EVP_PKEY) upper = new_key();
    g_autoptr(EVP_PKEY) lower = new_key();

    EVP_PKEY_free(unit->epoch);
    unit->epoch = new_key();
    g_ptr_array_set_size(unit->certificates, 0);
    g_ptr_array_add(unit->certificates, test_module_oa2(unit->epoch, lower, false));
    g_ptr_array_add(unit->certificates, test_module_oa2(lower, upper, true));
    g_ptr_array_add(unit->certificates, test_module_oa2(upper, signer, false));
}

static void
before_free(FakeUnit *before)
{
    if (before != NULL) {
        g_ptr_array_unref(before->admins);
        g_free(before);
    }
}

static gpointer
ref_certificate(gconstpointer certificate, gpointer user)
{
    (void) user;
    return g_byte_array_ref((GByteArray *) certificate);
}

void
fake_unit_note_before(FakeUnit *unit)
{
    FakeUnit *before = g_memdup2(unit, sizeof *unit);

    before->admins = g_ptr_array_copy(unit->admins, ref_certificate, NULL);
    before_free(unit->before);
    unit->before = before;
}

static void
fake_unit_free(gpointer data)
{
    FakeUnit *unit = data;

    before_free(unit->before);
    g_free(unit->hsm_id);
    g_free(unit->serial);
    EVP_PKEY_free(unit->epoch);
    g_ptr_array_unref(unit->certificates);
    g_ptr_array_unref(unit->admins);
    g_free(unit);
}

static FakeUnit *
fake_unit_new(FakeUnits *units, unsigned i)
{
    FakeUnit *unit = g_new0(FakeUnit, 1);

    unit->hsm_id = g_strdup_printf("unit-%u", i);
    unit->serial = g_strdup_printf("93AA%04u", i);
    unit->domain = i + 3;
    unit->certificates = g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);
    unit->admins = g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);
    tke_admin_block_query_domain(unit->domain, unit->identity.domain);
    unit->identity.domain[7] = 0x11;
    memcpy(unit->identity.module_id, unit->serial, TKE_ADMIN_SERIAL_LEN);
    unit->identity.module_id[15] = 0x22;
    unit->identity.counter[15] = (uint8_t) (10 + i);
    unit->perms = 0x81FF0011;
    unit->mode = 0x00040202;
    fake_unit_renew_chain(units, unit, false);
    return unit;
}

FakeUnits *
fake_units_new(unsigned n, unsigned n_recovery)
{
    FakeUnits *units = g_new0(FakeUnits, 1);
    uint8_t point[TKE_EC_POINT_LEN];
    uint8_t ski[TKE_MODULE_SKI_LEN];

    units->n_recovery = n_recovery;
    units->root = new_key();
    units->other_root = new_key();
    units->other = new_key();
    units->roots = tke_module_roots_new_rehearsal();
    test_key_point(units->root, point);
    ck_assert(tke_module_certificate_ski(point, ski, NULL));
    ck_assert(
        tke_module_roots_add(units->roots, "TEST", TKE_MODULE_CERTIFICATE_OA2, ski, point, NULL));
    units->units = g_ptr_array_new_with_free_func(fake_unit_free);
    for (unsigned i = 0; i < n; i++) {
        g_ptr_array_add(units->units, fake_unit_new(units, i));
    }
    return units;
}

void
fake_units_free(FakeUnits *units)
{
    g_ptr_array_unref(units->units);
    tke_module_roots_free(units->roots);
    EVP_PKEY_free(units->root);
    EVP_PKEY_free(units->other_root);
    EVP_PKEY_free(units->other);
    g_free(units);
}

FakeUnit *
fake_units_get(FakeUnits *units, unsigned i)
{
    return g_ptr_array_index(units->units, i);
}

const TkeModuleRoots *
fake_units_get_roots(FakeUnits *units)
{
    return units->roots;
}

void
fake_unit_add_admin(FakeUnit *unit, const GByteArray *certificate)
{
    g_ptr_array_add(unit->admins,
                    g_byte_array_append(g_byte_array_new(), certificate->data, certificate->len));
}

static void
append_u32(GByteArray *out, uint32_t value)
{
    TkeByteBuilder builder = tke_byte_builder_into(out, sizeof value);

    tke_byte_builder_u32(&builder, value);
}

static void
append_ski(GByteArray *out, const GByteArray *certificate)
{
    g_autoptr(TkeAdminCertificate) admin =
        tke_admin_certificate_parse(certificate->data, certificate->len, NULL);

    ck_assert_ptr_nonnull(admin);
    g_byte_array_append(out, admin->ski, TKE_SKI_LEN);
}

static void
answer_admins(const FakeUnit *unit, TkeByteCursor ski, GByteArray *out)
{
    for (guint i = 0; i < unit->admins->len; i++) {
        const GByteArray *certificate = g_ptr_array_index(unit->admins, i);
        g_autoptr(GByteArray) own = g_byte_array_new();

        append_ski(own, certificate);
        if (ski.len == 0) {
            g_byte_array_append(out, own->data, own->len);
        } else if (memcmp(own->data, ski.data, TKE_SKI_LEN) == 0) {
            g_byte_array_append(out, certificate->data, certificate->len);
        }
    }
}

static void
answer_attributes(const FakeUnit *unit, GByteArray *out)
{
    const uint32_t values[] = { unit->sig, unit->rev, unit->perms, unit->mode };

    for (uint32_t i = 0; i < G_N_ELEMENTS(values); i++) {
        append_u32(out, i + 1);
        append_u32(out, values[i]);
    }
}

static void
answer_certificate(const FakeUnit *unit, TkeByteCursor payload, GByteArray *out)
{
    uint32_t index = 0;

    if (!tke_byte_cursor_u32(&payload, &index)) {
        append_u32(out, unit->certificates->len);
    } else {
        const GByteArray *der = g_ptr_array_index(unit->certificates, index);

        g_byte_array_append(out, der->data, der->len);
    }
}

static void
remove_admin(FakeUnit *unit, TkeByteCursor ski)
{
    for (guint i = 0; i < unit->admins->len; i++) {
        g_autoptr(GByteArray) own = g_byte_array_new();

        append_ski(own, g_ptr_array_index(unit->admins, i));
        if (memcmp(own->data, ski.data, TKE_SKI_LEN) == 0) {
            g_ptr_array_remove_index(unit->admins, i);
            return;
        }
    }
}

/* What a command does to the unit, without asking whether it may. */
static void
execute(FakeUnit *unit, const FakeAsked *asked, GByteArray *out)
{
    TkeByteCursor payload = asked->payload;
    g_autoptr(GByteArray) certificate = g_byte_array_new();
    uint32_t index = 0;
    uint32_t value = 0;

    switch ((TkeAdminCommand) asked->command) {
    case TKE_ADMIN_ADD_ADMIN:
        g_byte_array_append(certificate, payload.data, (guint) payload.len);
        fake_unit_add_admin(unit, certificate);
        break;
    case TKE_ADMIN_REMOVE_ADMIN:
        remove_admin(unit, payload);
        break;
    case TKE_ADMIN_SET_ATTRIBUTES:
        while (tke_byte_cursor_u32(&payload, &index) && tke_byte_cursor_u32(&payload, &value)) {
            uint32_t *const values[] = { &unit->sig, &unit->rev, &unit->perms, &unit->mode };

            *values[index - 1] = value;
        }
        answer_attributes(unit, out);
        break;
    case TKE_ADMIN_IMPORT_WK:
        memset(unit->new_vp, 0x5A, sizeof unit->new_vp);
        g_byte_array_append(out, unit->new_vp, sizeof unit->new_vp);
        break;
    case TKE_ADMIN_COMMIT_WK:
        unit->committed = true;
        break;
    case TKE_ADMIN_FINALIZE_WK:
        memcpy(unit->current_vp, unit->new_vp, sizeof unit->current_vp);
        memset(unit->new_vp, 0, sizeof unit->new_vp);
        unit->committed = false;
        g_byte_array_append(out, unit->current_vp, sizeof unit->current_vp);
        break;
    case TKE_ADMIN_CLEAR_WK:
        memset(unit->current_vp, 0, sizeof unit->current_vp);
        break;
    case TKE_ADMIN_CLEAR_NEW_WK:
        memset(unit->new_vp, 0, sizeof unit->new_vp);
        break;
    case TKE_ADMIN_ZEROIZE:
        g_ptr_array_set_size(unit->admins, 0);
        unit->sig = unit->rev = 0;
        unit->identity.domain[7]++;
        break;
    default:
        break;
    }
}

uint32_t
fake_unit_run(FakeUnit *unit, const FakeAsked *asked, GByteArray *out)
{
    uint8_t *counter = unit->identity.counter;

    if (unit->refuse_query != 0 && asked->command == unit->refuse_query) {
        return unit->refuse_query_code;
    }
    switch ((TkeAdminCommand) asked->command) {
    case TKE_ADMIN_QUERY_ADMINS:
        answer_admins(unit, asked->payload, out);
        return 0;
    case TKE_ADMIN_QUERY_ATTRIBUTES:
        answer_attributes(unit, out);
        return 0;
    case TKE_ADMIN_QUERY_DEVICE_CERT:
        answer_certificate(unit, asked->payload, out);
        return 0;
    case TKE_ADMIN_QUERY_WK:
        g_byte_array_append(out, unit->current_vp, sizeof unit->current_vp);
        return 0;
    case TKE_ADMIN_QUERY_NEW_WK:
        g_byte_array_append(out, unit->new_vp, sizeof unit->new_vp);
        return 0;
    default:
        break;
    }
    if (unit->refuse_code != 0) {
        append_u32(out, unit->refuse_reason);
        return unit->refuse_code;
    }
    if (asked->counter.len != TKE_ADMIN_COUNTER_LEN ||
        memcmp(asked->counter.data, counter, TKE_ADMIN_COUNTER_LEN) <= 0) {
        append_u32(out, 19);
        return 163;
    }
    memcpy(counter, asked->counter.data, TKE_ADMIN_COUNTER_LEN);
    unit->n_commands++;
    execute(unit, asked, out);
    return 0;
}
