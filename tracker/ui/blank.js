// Loads a page anew that shows nothing any more. Streamlit takes everything out of a page that it cannot go on drawing,
// for good: as when the connection was lost while the page was being drawn, and what comes over the next one does not
// fit to what has come before. Where that did not help, it is tried again after a while, and not at once.
(() => {
  const root = document.getElementById("root"), key = "loaded-anew", pause = 10000
  let drawn = false
  new MutationObserver(() => {
    if (root.childElementCount) {
      drawn = true
    } else if (drawn) {
      drawn = false
      const since = Date.now() - Number(sessionStorage.getItem(key))
      setTimeout(() => {
        sessionStorage.setItem(key, Date.now())
        location.reload()
      }, since < pause ? pause : 0)
    }
  }).observe(root, {childList: true})
})()
