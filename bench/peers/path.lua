-- SPDX-License-Identifier: MIT
-- For a peer that answers elsewhere than at "/": the generator's own script, with another path.
wrk.path = assert(os.getenv("C10KIT_PEER_PATH"))
dofile(assert(os.getenv("C10KIT_PEER_SCRIPT")))
