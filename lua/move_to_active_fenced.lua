-- move_to_active_fenced: admits for the latest holder of the lock only, and no more users than there is room for.
--
-- KEYS[1]  waiting set (ZSET)
-- KEYS[2]  active set (ZSET): member = user, score = when the token expires, ms
-- KEYS[3]  what the keys of tokens (HASH) begin with; the user id follows
-- KEYS[4]  fence (STRING): the number of the latest holder of the lock, see take_fenced_lock
-- ARGV[1]  most users to admit, an integer >= 0
-- ARGV[2]  when their tokens expire, ms since 1970
-- ARGV[3]  seconds that a token lives, an integer from 1
-- ARGV[4]  fencing number of whoever asks
-- ARGV[5]  most users who may be active at once, an integer >= 0
--
-- Reply: how many users were admitted; -1 if somebody else has held the lock since: whoever asks has been asleep.
--
-- Cost: GET, ZREMRANGEBYSCORE, ZCARD, TIME, ZPOPMIN, and 3 calls a user (ZADD, HSET, EXPIRE). Both checks are made in
-- here: whatever a caller has read before, the lock included, may not hold any more when his call arrives.

local active, tokenPrefix, expiresAtMs, ttlSeconds = KEYS[2], KEYS[3], ARGV[2], ARGV[3]
local most, capacity = tonumber(ARGV[1]), tonumber(ARGV[5])

if not (expiresAtMs:match("^%d+$") and ttlSeconds:match("^[1-9]%d*$") and #ttlSeconds < 10 and most and capacity) then
  return redis.error_reply("ERR move_to_active_fenced: expected how many users, expiry, time to live and capacity")
end

if redis.call("GET", KEYS[4]) ~= ARGV[4] then
  return -1
end

local time = redis.call("TIME")
redis.call("ZREMRANGEBYSCORE", active, "-inf", string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000)))
local count = math.max(0, math.min(most, capacity - redis.call("ZCARD", active)))
local popped = redis.call("ZPOPMIN", KEYS[1], count)
-- Member and score by turns.
for i = 1, #popped, 2 do
  local user = popped[i]
  local token = tokenPrefix .. user
  redis.call("ZADD", active, expiresAtMs, user)
  redis.call("HSET", token, "user", user, "expiresAtMs", expiresAtMs)
  redis.call("EXPIRE", token, ttlSeconds)
end
return #popped / 2
