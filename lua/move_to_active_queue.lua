-- move_to_active_queue: admits the users who have waited longest; each gets a token to buy with.
--
-- KEYS[1]  waiting set (ZSET)
-- KEYS[2]  active set (ZSET): member = user, score = when the token expires, ms
-- KEYS[3]  what the keys of tokens begin with; the user id follows. Who is admitted is known only in here, so the
--          tokens themselves cannot be declared; declared like this, a cluster still checks that they share the slot.
-- ARGV[1]  most users to admit, an integer >= 0
-- ARGV[2]  when their tokens expire, ms since 1970
-- ARGV[3]  seconds that a token lives, an integer from 1
--
-- Reply: how many users were admitted; fewer than asked for if fewer were waiting.
--
-- Cost: 1 + 3 calls a user (ZADD, HSET, EXPIRE), O(log n) each, while nothing else is served: about 7 µs a user, so
-- batches of thousands stall every entry.

local active, tokenPrefix, expiresAtMs, ttlSeconds = KEYS[2], KEYS[3], ARGV[2], ARGV[3]

-- Looked at before the first write: a script is not rolled back, and users popped without a token would be lost.
if not (expiresAtMs:match("^%d+$") and ttlSeconds:match("^[1-9]%d*$") and #ttlSeconds < 10) then
  return redis.error_reply("ERR move_to_active_queue: expected the expiry in ms and 1 to 999999999 seconds to live")
end

local popped = redis.call("ZPOPMIN", KEYS[1], ARGV[1])
-- Member and score by turns.
for i = 1, #popped, 2 do
  local user = popped[i]
  local token = tokenPrefix .. user
  redis.call("ZADD", active, expiresAtMs, user)
  redis.call("HSET", token, "user", user, "expiresAtMs", expiresAtMs)
  redis.call("EXPIRE", token, ttlSeconds)
end
return #popped / 2
