-- admit_zset_token: admits without a key for each user: to be in the active set, with a score in the future, is the token.
--
-- KEYS[1]  waiting set (ZSET)
-- KEYS[2]  active set (ZSET): member = user, score = when he is active no longer, ms
-- ARGV[1]  most users to admit, an integer >= 0
-- ARGV[2]  when they are active no longer, ms since 1970
--
-- Reply: how many users were admitted; fewer than asked for if fewer were waiting.
--
-- Cost: ZRANGE, ZREMRANGEBYRANK, a ZADD for every 1,000 users: a quarter of what tokens of their own cost. Nothing expires
-- by itself: who asks must compare the score with the time (ZSCORE instead of EXISTS), and somebody must remove what is
-- over (ZREMRANGEBYSCORE). ZRANGE and ZREMRANGEBYRANK rather than ZPOPMIN, which replies with scores that nobody needs
-- and removes one by one.

local count, expiresAtMs = tonumber(ARGV[1]), ARGV[2]

if not (count and count >= 0 and count % 1 == 0 and expiresAtMs:match("^%d+$")) then
  return redis.error_reply("ERR admit_zset_token: expected how many users, and the expiry in ms")
end
-- As ranks, 0 to -1 would be everybody.
if count == 0 then
  return 0
end

local users = redis.call("ZRANGE", KEYS[1], 0, count - 1)
if #users == 0 then
  return 0
end
redis.call("ZREMRANGEBYRANK", KEYS[1], 0, #users - 1)
-- In chunks: unpack gives 7,999 values at most.
for from = 1, #users, 1000 do
  local scored = {}
  for i = from, math.min(from + 999, #users) do
    scored[#scored + 1] = expiresAtMs
    scored[#scored + 1] = users[i]
  end
  redis.call("ZADD", KEYS[2], unpack(scored))
end
return #users
