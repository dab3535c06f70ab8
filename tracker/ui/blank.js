// Loads a page anew that cannot be drawn any more, which Streamlit leaves as it is, for good. Either it has taken everything
// out of the page, as when the connection was lost while the page was being drawn, and what comes over the next one does
// not fit to what has come before; or a script with some of the fields could not be fetched. Where that did not help, it
// is tried again after a while, and not at once.
(() => {
  const root = document.getElementById("root"), key = "loaded-anew", pause = 10000
  let drawn = false, waiting = false
  const loadAnew = () => {
    if (waiting) return
    waiting = true
    const since = Date.now() - Number(sessionStorage.getItem(key))
    setTimeout(() => {
      sessionStorage.setItem(key, Date.now())
      location.reload()
    }, since < pause ? pause : 0)
  }
  new MutationObserver(() => {
    if (root.childElementCount) drawn = true
    else if (drawn) loadAnew()
  }).observe(root, {childList: true})
  addEventListener("vite:preloadError", loadAnew)
})()
