using Mm.Routines;

namespace Mm.History;

/// <summary>move_pages() that forgets the error of a step once a later one has succeeded.</summary>
[Variant(
    "uffd-move-clears-error",
    Subject = "err is 0 again after a step of UFFDIO_MOVE that moved something",
    Origin = "a fix put beside v6.18, whose loop keeps -EAGAIN and repeats a step that has succeeded",
    Fix = "this is the fix",
    IsFix = true,
    Symptom = "without it: UFFDIO_MOVE moves the page and returns -EEXIST, if it had to wait for anything before")]
public sealed class UffdMoveClearsError : UffdMove
{
    /// <inheritdoc />
    protected override MoveError AfterStep(MoveError previous) => MoveError.None;
}
