-- admit_variadic: admits like move_to_active_queue, with one ZADD for many users; tokens are still made one by one.
--
-- KEYS[1]  waiting set (ZSET)
-- KEYS[2]  active set (ZSET): member = user, score = when the token expires, ms
-- KEYS[3]  what the keys of tokens (HASH) begin with; the user id follows
-- ARGV[1]  most users to admit, an integer >= 0
-- ARGV[2]  when their tokens expire, ms since 1970
-- ARGV[3]  seconds that a token lives, an integer from 1
--
-- Reply: how many users were admitted; fewer than asked for if fewer were waiting.
--
-- Cost: ZPOPMIN, a ZADD for every 1,000 users, HSET and EXPIRE for each. The tokens are the cost, so joining the ZADDs
-- buys next to nothing.

local active, tokenPrefix, expiresAtMs, ttlSeconds = KEYS[2], KEYS[3], ARGV[2], ARGV[3]

if not (expiresAtMs:match("^%d+$") and ttlSeconds:match("^[1-9]%d*$") and #ttlSeconds < 10) then
  return redis.error_reply("ERR admit_variadic: expected the expiry in ms and 1 to 999999999 seconds to live")
end

-- Member and score by turns.
local popped = redis.call("ZPOPMIN", KEYS[1], ARGV[1])
local scored = {}
for i = 1, #popped, 2 do
  local user = popped[i]
  local token = tokenPrefix .. user
  scored[i], scored[i + 1] = expiresAtMs, user
  redis.call("HSET", token, "user", user, "expiresAtMs", expiresAtMs)
  redis.call("EXPIRE", token, ttlSeconds)
end
-- In chunks: unpack gives 7,999 values at most.
for from = 1, #scored, 2000 do
  redis.call("ZADD", active, unpack(scored, from, math.min(from + 1999, #scored)))
end
return #popped / 2
