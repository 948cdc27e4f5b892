/*
 * An operator who cancels at a prompt; until then the scripted one of the world.
 */
#include "tests/libceremony/step-faults-private.h"

static unsigned left; /* prompts until the one at which it is cancelled, that one too; 0: none */
static bool cancelled;

/* True where the operator cancels now. */
static bool
is_now(CeremonyWorld *world)
{
    if (left == 0 || --left > 0) {
        return false;
    }
    cancelled = true;
    g_cancellable_cancel(world->cancellable);
    return true;
}

static void
on_show(void *ui, const TkePrompt *prompt)
{
    if (!is_now(ui)) {
        ceremony_world_operator.show(ui, prompt);
    }
}

static bool
on_confirm(void *ui, const TkePlan *plan, GCancellable *cancellable, GError **error)
{
    return is_now(ui) ? !g_cancellable_set_error_if_cancelled(cancellable, error)
                      : ceremony_world_operator.confirm(ui, plan, cancellable, error);
}

static bool
on_choose(void *ui, const TkeChoice *choice, unsigned *index, GCancellable *cancellable,
          GError **error)
{
    return is_now(ui) ? !g_cancellable_set_error_if_cancelled(cancellable, error)
                      : ceremony_world_operator.choose(ui, choice, index, cancellable, error);
}

void
step_cancel_prepare(CeremonyWorld *world)
{
    static TkePrompterOps ops;

    ops = ceremony_world_operator;
    ops.show = on_show;
    ops.confirm = on_confirm;
    ops.choose = on_choose;
    left = 0;
    cancelled = false;
    tke_operation_free(world->op);
    world->op = tke_operation_new(world->world, world->session, world->log, &ops, world,
                                  world->cancellable);
}

void
step_cancel_at_prompt(unsigned n)
{
    left = n;
}

bool
step_was_cancelled(void)
{
    return cancelled;
}
