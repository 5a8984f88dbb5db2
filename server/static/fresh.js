// A page whose form says which sending it is, once: what a browser shows again from its memory would be the one before,
// of somebody else on a shared screen, and would open what they said. Such a page is drawn anew.

addEventListener("pageshow", ({ persisted }) => persisted && location.reload())
